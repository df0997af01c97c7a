-- Removes the rows whose days are over. The flow calls it once a day.
CREATE OR REPLACE PROCEDURE cleanup_old_results AS
BEGIN
    DELETE FROM analysis_results
    WHERE retention_date < CAST(SYS_EXTRACT_UTC(SYSTIMESTAMP) AS DATE);
    COMMIT;
END;
