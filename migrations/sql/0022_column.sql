-- There already, where filling it was interrupted.
ALTER TABLE notifications ADD COLUMN IF NOT EXISTS opened_at timestamptz;
