-- Removes the rows whose time is over; schedule it daily with DBMS_SCHEDULER.
CREATE OR REPLACE PROCEDURE cleanup_old_results AS
BEGIN
    DELETE FROM analysis_results
    WHERE retention_date < CAST(SYS_EXTRACT_UTC(SYSTIMESTAMP) AS DATE);
    COMMIT;
END;
