-- What waits in the channels beside texts, lane by lane.
CREATE INDEX messages_channel_due ON messages (channel, lane, send_at) WHERE status = 'queued' AND channel <> 'sms';
