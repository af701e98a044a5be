DROP TABLE letter_addresses;
