-- Divides by the number of rows that are this run's, so that it fails where another run has its name.
SELECT 1 / COUNT(*) AS is_kept
FROM analysis_results kept
WHERE kept.result_id = :result_id
    AND kept.execution_timestamp = CAST(TO_UTC_TIMESTAMP_TZ(:started_at) AS TIMESTAMP)
    AND kept.finished_timestamp = CAST(TO_UTC_TIMESTAMP_TZ(:ended_at) AS TIMESTAMP)
    AND DBMS_LOB.COMPARE(kept.agent_results, TO_CLOB(:agent_results)) = 0
    AND DBMS_LOB.COMPARE(kept.executive_summary, TO_CLOB(:executive_summary)) = 0
