DROP TABLE slot_moves, slot_patterns, blocked_times, hour_exceptions, opening_hours, service_staff;
DROP INDEX services_name;
