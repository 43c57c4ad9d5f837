-- The file with the token that a builder's slave wants; NULL for the one that all builders get.
ALTER TABLE builder ADD COLUMN token_file TEXT;
