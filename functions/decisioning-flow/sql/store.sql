-- Stores a run once. Values go in by binds only.
MERGE INTO analysis_results kept
USING (
    SELECT
        :result_id AS result_id,
        CAST(TO_UTC_TIMESTAMP_TZ(:started_at) AS TIMESTAMP) AS started,
        CAST(TO_UTC_TIMESTAMP_TZ(:ended_at) AS TIMESTAMP) AS ended
    FROM dual
) given
ON (kept.result_id = given.result_id)
WHEN NOT MATCHED THEN INSERT (
    result_id,
    analysis_type,
    execution_timestamp,
    finished_timestamp,
    agent_results,
    executive_summary,
    status,
    run_status,
    business_health_numeric,
    retention_date
) VALUES (
    given.result_id,
    :analysis_type,
    given.started,
    given.ended,
    :agent_results,
    :executive_summary,
    :status,
    :run_status,
    :business_health,
    CAST(given.ended AS DATE) + :retention_days
)
