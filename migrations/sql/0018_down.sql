DROP FUNCTION nexapp_score(
    boolean, interval, bigint, bigint, text, text, text, text, text, bigint, integer, integer, integer, integer, integer,
    bigint, text
);
DROP FUNCTION nexapp_score_weights(uuid);
DROP TABLE pitch_decks, insights, achievements, coin_entries, coin_balances, mission_completions, streaks, active_days,
    score_changes, score_weights;
