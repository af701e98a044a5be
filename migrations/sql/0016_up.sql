-- What happened to a prospect beside what people did and noted: changes of stage, owner and score, imports, texts.
CREATE TABLE prospect_events (
    id uuid PRIMARY KEY,
    org_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    prospect_id uuid NOT NULL,
    user_id uuid REFERENCES users ON DELETE SET NULL,
    kind text NOT NULL CHECK (length(kind) BETWEEN 1 AND 40),
    details jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    FOREIGN KEY (org_id, prospect_id) REFERENCES prospects (org_id, id) ON DELETE CASCADE
);
CREATE INDEX prospect_events_prospect ON prospect_events (org_id, prospect_id, created_at DESC, id DESC);

CREATE TABLE prospect_notes (
    id uuid PRIMARY KEY,
    org_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    prospect_id uuid NOT NULL,
    author_id uuid REFERENCES users ON DELETE SET NULL,
    body text NOT NULL CHECK (length(body) BETWEEN 1 AND 4000),
    edited_at timestamptz,
    deleted_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    FOREIGN KEY (org_id, prospect_id) REFERENCES prospects (org_id, id) ON DELETE CASCADE
);
CREATE INDEX prospect_notes_prospect ON prospect_notes (org_id, prospect_id, created_at DESC, id DESC);

-- Filters under a name: one person's, or the whole team's.
CREATE TABLE prospect_views (
    id uuid PRIMARY KEY,
    org_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 60),
    filters jsonb NOT NULL,
    is_shared boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX prospect_views_org ON prospect_views (org_id, user_id);
CREATE UNIQUE INDEX prospect_views_name ON prospect_views (org_id, user_id, lower(name));

CREATE TABLE prospect_imports (
    id uuid PRIMARY KEY,
    org_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    filename text NOT NULL CHECK (length(filename) <= 200),
    encoding text NOT NULL,
    delimiter text NOT NULL,
    headers jsonb NOT NULL,
    has_headers boolean NOT NULL,
    row_count integer NOT NULL,
    part_count integer NOT NULL,
    mapping jsonb,
    on_known text NOT NULL DEFAULT 'update' CHECK (on_known IN ('add', 'update', 'keep')),
    owner_id uuid,
    stage_id uuid,
    status text NOT NULL DEFAULT 'uploaded' CHECK (status IN (
        'uploaded', 'checking', 'checked', 'running', 'done', 'undoing', 'undone')),
    run integer NOT NULL DEFAULT 0,
    rows_done integer NOT NULL DEFAULT 0,
    planned jsonb NOT NULL DEFAULT '{}',
    results jsonb NOT NULL DEFAULT '{}',
    undone jsonb NOT NULL DEFAULT '{}',
    created_by uuid,
    started_at timestamptz,
    finished_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (org_id, id)
);
CREATE INDEX prospect_imports_recent ON prospect_imports (org_id, created_at DESC);

CREATE TABLE prospect_import_parts (
    org_id uuid NOT NULL,
    import_id uuid NOT NULL,
    number integer NOT NULL,
    cells jsonb NOT NULL,
    judged jsonb,
    outcomes jsonb,
    PRIMARY KEY (org_id, import_id, number),
    FOREIGN KEY (org_id, import_id) REFERENCES prospect_imports (org_id, id) ON DELETE CASCADE
);

-- Which row of the file has an address or a number first; while the file is being checked.
CREATE TABLE prospect_import_keys (
    org_id uuid NOT NULL,
    import_id uuid NOT NULL,
    key text NOT NULL,
    row_number integer NOT NULL,
    PRIMARY KEY (org_id, import_id, key),
    FOREIGN KEY (org_id, import_id) REFERENCES prospect_imports (org_id, id) ON DELETE CASCADE
);

ALTER TABLE prospects ADD COLUMN import_id uuid;

-- The orders of the list, each with its cursor. What has no date comes last.
CREATE INDEX prospects_score ON prospects (org_id, score DESC, id DESC) WHERE deleted_at IS NULL;
CREATE INDEX prospects_next ON prospects (org_id, coalesce(next_follow_up_at, 'infinity'), id) WHERE deleted_at IS NULL;
CREATE INDEX prospects_active ON prospects (org_id, coalesce(last_activity_at, '-infinity') DESC, id DESC)
    WHERE deleted_at IS NULL;
CREATE INDEX prospects_import ON prospects (org_id, import_id, id) WHERE import_id IS NOT NULL;
CREATE INDEX prospects_trash ON prospects (org_id, deleted_at DESC) WHERE deleted_at IS NOT NULL;
CREATE INDEX prospects_words ON prospects
    USING gin ((name || ' ' || company || ' ' || coalesce(email, '')) gin_trgm_ops) WHERE deleted_at IS NULL;

-- Prospects of the asking organisation by a piece of name, company or address, or of the number. A look-up, for within
-- row-level security the operators of pg_trgm may not use their index.
CREATE FUNCTION nexapp_find_prospects(piece text, digits text) RETURNS TABLE (prospect_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    SELECT p.id FROM prospects p
    WHERE p.org_id = nullif(current_setting('app.org_id', true), '')::uuid AND p.deleted_at IS NULL
      AND (p.name || ' ' || p.company || ' ' || coalesce(p.email, '')) ILIKE piece
    UNION
    SELECT p.id FROM prospects p
    WHERE p.org_id = nullif(current_setting('app.org_id', true), '')::uuid AND p.deleted_at IS NULL
      AND p.phone LIKE digits
$$;

-- Prospects of the asking organisation by whole addresses and numbers, a file's at once. A look-up for the same reason.
CREATE FUNCTION nexapp_known_prospects(emails text[], phones text[]) RETURNS TABLE (prospect_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    SELECT p.id FROM prospects p
    WHERE p.org_id = nullif(current_setting('app.org_id', true), '')::uuid AND p.deleted_at IS NULL
      AND p.email IS NOT NULL AND lower(p.email) = ANY(emails)
    UNION
    SELECT p.id FROM prospects p
    WHERE p.org_id = nullif(current_setting('app.org_id', true), '')::uuid AND p.deleted_at IS NULL
      AND p.phone IS NOT NULL AND p.phone = ANY(phones)
$$;

-- A sales organisation always has stages, whoever makes it, and whenever it becomes one.
CREATE FUNCTION nexapp_first_stages() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    INSERT INTO prospect_stages (id, org_id, name, outcome, position)
    SELECT gen_random_uuid(), NEW.id, s.name, s.outcome, s.position
    FROM (VALUES ('New', 'open', 0), ('Qualified', 'open', 1), ('Proposal', 'open', 2), ('Won', 'won', 3),
        ('Lost', 'lost', 4)) AS s(name, outcome, position)
    WHERE NOT EXISTS (SELECT FROM prospect_stages x WHERE x.org_id = NEW.id);
    RETURN NULL;
END
$$;
CREATE TRIGGER organizations_stages AFTER INSERT OR UPDATE OF kind ON organizations
    FOR EACH ROW WHEN (NEW.kind = 'sales') EXECUTE FUNCTION nexapp_first_stages();
