-- What a person changed about their notices a moment ago, so that exactly that can be taken back.
CREATE TABLE notification_undos (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    verb text NOT NULL CHECK (verb IN ('read', 'unread', 'archive', 'unarchive', 'snooze', 'unsnooze', 'delete')),
    notification_ids uuid[] NOT NULL CHECK (cardinality(notification_ids) >= 1),
    until timestamptz,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX notification_undos_user ON notification_undos (user_id, created_at);
