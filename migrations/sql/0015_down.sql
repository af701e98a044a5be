DROP INDEX messages_channel_due;
