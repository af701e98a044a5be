-- One row for each slot that was opened to the list: everything the figures say of it. See nexapp/slots/figures.
CREATE TABLE slot_figures (
    org_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    slot_id uuid NOT NULL,
    staff_member_id uuid NOT NULL,
    starts_at timestamptz NOT NULL,
    outcome text NOT NULL CHECK (outcome IN ('booked', 'otherwise', 'unfilled', 'cancelled', 'waiting')),
    no_show boolean NOT NULL DEFAULT false,
    cents integer,
    fill_seconds integer,
    offered integer NOT NULL DEFAULT 0,
    sent integer NOT NULL DEFAULT 0,
    delivered integer NOT NULL DEFAULT 0,
    failed integer NOT NULL DEFAULT 0,
    opened integer NOT NULL DEFAULT 0,
    held integer NOT NULL DEFAULT 0,
    converted integer NOT NULL DEFAULT 0,
    counted_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, slot_id),
    CHECK (outcome = 'booked' OR (cents IS NULL AND fill_seconds IS NULL AND NOT no_show)),
    FOREIGN KEY (org_id, slot_id) REFERENCES slots (org_id, id) ON DELETE CASCADE
);
CREATE INDEX slot_figures_by_time ON slot_figures (org_id, starts_at);

-- The same slot's offers by the wording of their texts; no template: the default wording.
CREATE TABLE slot_text_figures (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    org_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    slot_id uuid NOT NULL,
    purpose text NOT NULL,
    template_id uuid,
    staff_member_id uuid NOT NULL,
    starts_at timestamptz NOT NULL,
    sent integer NOT NULL DEFAULT 0,
    delivered integer NOT NULL DEFAULT 0,
    failed integer NOT NULL DEFAULT 0,
    opened integer NOT NULL DEFAULT 0,
    held integer NOT NULL DEFAULT 0,
    converted integer NOT NULL DEFAULT 0,
    UNIQUE NULLS NOT DISTINCT (org_id, slot_id, purpose, template_id),
    FOREIGN KEY (org_id, slot_id) REFERENCES slots (org_id, id) ON DELETE CASCADE
);
CREATE INDEX slot_text_figures_by_time ON slot_text_figures (org_id, starts_at);

-- Slots to count again. Not unique, on purpose: a claim must never wait for another's mark.
CREATE TABLE figures_due (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    org_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    slot_id uuid NOT NULL
);
CREATE INDEX figures_due_slot ON figures_due (org_id, slot_id);

-- The local dates whose nightly pass is done.
CREATE TABLE figures_nights (
    org_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    night date NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, night)
);

-- Marks are made in the transaction of the change, whoever makes it and however.
CREATE FUNCTION nexapp_mark_slots() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    INSERT INTO figures_due (org_id, slot_id) SELECT org_id, id FROM changed WHERE round > 0;
    RETURN NULL;
END $$;
CREATE FUNCTION nexapp_mark_offers() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    INSERT INTO figures_due (org_id, slot_id) SELECT DISTINCT org_id, slot_id FROM changed;
    RETURN NULL;
END $$;
CREATE FUNCTION nexapp_mark_messages() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    INSERT INTO figures_due (org_id, slot_id)
    SELECT DISTINCT f.org_id, f.slot_id FROM changed m
    -- For each text by its own index, and the business afterwards: joined freely, a table that has no statistics yet was
    -- read by the business's index as a whole, for every text.
    CROSS JOIN LATERAL (SELECT org_id, slot_id FROM slot_offers WHERE message_id = m.id OFFSET 0) f
    WHERE f.org_id = m.org_id AND m.status IN ('sent', 'delivered', 'undelivered', 'failed');
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION nexapp_mark_slots(), nexapp_mark_offers(), nexapp_mark_messages() FROM PUBLIC;

CREATE TRIGGER figures_new_slots AFTER INSERT ON slots
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION nexapp_mark_slots();
CREATE TRIGGER figures_changed_slots AFTER UPDATE ON slots
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION nexapp_mark_slots();
CREATE TRIGGER figures_new_offers AFTER INSERT ON slot_offers
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION nexapp_mark_offers();
CREATE TRIGGER figures_changed_offers AFTER UPDATE ON slot_offers
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION nexapp_mark_offers();
CREATE TRIGGER figures_changed_messages AFTER UPDATE ON messages
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION nexapp_mark_messages();

INSERT INTO figures_due (org_id, slot_id) SELECT org_id, id FROM slots WHERE round > 0;
