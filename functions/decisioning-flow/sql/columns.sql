-- Reads nothing. It fails where the table lacks a column.
SELECT
    result_id,
    analysis_type,
    execution_timestamp,
    finished_timestamp,
    agent_results,
    executive_summary,
    status,
    run_status,
    business_health_numeric,
    created_by,
    retention_date
FROM analysis_results
WHERE 1 = 0
