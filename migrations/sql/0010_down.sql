DROP FUNCTION nexapp_staff_calendar(bytea);
DROP FUNCTION nexapp_booking_feed(uuid);
DROP FUNCTION nexapp_booking_hook(bytea);
DROP TABLE staff_calendars;
DROP TABLE booking_deliveries;
DROP TABLE external_bookings;
DROP TABLE booking_staff;
DROP TABLE booking_systems;
