CREATE UNIQUE INDEX services_name ON services (org_id, lower(name)) WHERE is_active;

-- Who offers a service; a service without a row here is offered by everybody.
CREATE TABLE service_staff (
    org_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    service_id uuid NOT NULL,
    staff_member_id uuid NOT NULL,
    PRIMARY KEY (org_id, service_id, staff_member_id),
    FOREIGN KEY (org_id, service_id) REFERENCES services (org_id, id) ON DELETE CASCADE,
    FOREIGN KEY (org_id, staff_member_id) REFERENCES staff_members (org_id, id) ON DELETE CASCADE
);

-- Wall times in the business's zone, as all below. A staff member without rows keeps the business's hours; a business
-- without rows keeps none and is never outside them. Midnight at the end of a day is written 00:00.
CREATE TABLE opening_hours (
    id uuid PRIMARY KEY,
    org_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    staff_member_id uuid,
    weekday integer NOT NULL CHECK (weekday BETWEEN 0 AND 6),
    opens time NOT NULL,
    closes time NOT NULL CHECK (opens < closes OR closes = '00:00'),
    created_at timestamptz NOT NULL DEFAULT now(),
    FOREIGN KEY (org_id, staff_member_id) REFERENCES staff_members (org_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX opening_hours_once ON opening_hours (org_id, staff_member_id, weekday, opens) NULLS NOT DISTINCT;

-- A date that differs from its weekday: closed, or other hours.
CREATE TABLE hour_exceptions (
    id uuid PRIMARY KEY,
    org_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    staff_member_id uuid,
    on_date date NOT NULL,
    opens time,
    closes time,
    note text CHECK (length(note) <= 80),
    created_at timestamptz NOT NULL DEFAULT now(),
    CHECK ((opens IS NULL) = (closes IS NULL)),
    CHECK (opens < closes OR closes = '00:00'),
    FOREIGN KEY (org_id, staff_member_id) REFERENCES staff_members (org_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX hour_exceptions_once ON hour_exceptions (org_id, staff_member_id, on_date) NULLS NOT DISTINCT;

-- Time that nobody can be booked in; without a staff member it is everybody's. A weekly one ends on the day it starts.
CREATE TABLE blocked_times (
    id uuid PRIMARY KEY,
    org_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    staff_member_id uuid,
    starts_on date NOT NULL,
    starts time NOT NULL,
    ends_on date NOT NULL,
    ends time NOT NULL,
    is_weekly boolean NOT NULL DEFAULT false,
    weekly_until date,
    note text CHECK (length(note) <= 80),
    created_by uuid,
    created_at timestamptz NOT NULL DEFAULT now(),
    CHECK (starts_on + starts < ends_on + ends),
    CHECK (NOT is_weekly OR ends_on + ends <= starts_on + interval '1 day'),
    CHECK (weekly_until IS NULL OR is_weekly),
    FOREIGN KEY (org_id, staff_member_id) REFERENCES staff_members (org_id, id) ON DELETE CASCADE
);
CREATE INDEX blocked_times_days ON blocked_times (org_id, starts_on);

CREATE TABLE slot_patterns (
    id uuid PRIMARY KEY,
    org_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 80),
    plan jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX slot_patterns_name ON slot_patterns (org_id, lower(name));

-- What a move changed, so that it can be taken back; `known_*` is what the client was last told.
CREATE TABLE slot_moves (
    id uuid PRIMARY KEY,
    org_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    slot_id uuid NOT NULL,
    user_id uuid,
    sequence integer NOT NULL,
    status text NOT NULL,
    offer_id uuid,
    from_staff_id uuid NOT NULL,
    from_starts_at timestamptz NOT NULL,
    from_ends_at timestamptz NOT NULL,
    known_staff_id uuid NOT NULL,
    known_starts_at timestamptz NOT NULL,
    known_ends_at timestamptz NOT NULL,
    undone_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    FOREIGN KEY (org_id, slot_id) REFERENCES slots (org_id, id) ON DELETE CASCADE,
    FOREIGN KEY (org_id, from_staff_id) REFERENCES staff_members (org_id, id),
    FOREIGN KEY (org_id, known_staff_id) REFERENCES staff_members (org_id, id)
);
CREATE INDEX slot_moves_slot ON slot_moves (org_id, slot_id, sequence DESC);
