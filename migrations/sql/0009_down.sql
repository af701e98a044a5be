DROP TRIGGER figures_new_slots ON slots;
DROP TRIGGER figures_changed_slots ON slots;
DROP TRIGGER figures_new_offers ON slot_offers;
DROP TRIGGER figures_changed_offers ON slot_offers;
DROP TRIGGER figures_changed_messages ON messages;
DROP FUNCTION nexapp_mark_slots();
DROP FUNCTION nexapp_mark_offers();
DROP FUNCTION nexapp_mark_messages();
DROP TABLE figures_nights, figures_due, slot_text_figures, slot_figures;
