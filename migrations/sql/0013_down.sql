DROP TABLE notification_undos;
