-- Runs of the last 30 days in UTC, as the timestamps are. Every path is a scalar: JSON_VALUE gives NULL for an object.
CREATE OR REPLACE VIEW latest_analysis AS
SELECT
    result_id,
    analysis_type,
    execution_timestamp,
    finished_timestamp,
    JSON_VALUE(executive_summary, '$.situation_assessment.business_health') AS business_health,
    business_health_numeric,
    JSON_VALUE(executive_summary, '$.financial_projections.current_state') AS financial_state,
    JSON_VALUE(agent_results, '$.discovery.data.data_ecosystem.total_entities' RETURNING NUMBER) AS total_entities,
    JSON_VALUE(
        agent_results,
        '$.intelligence.data.financial_intelligence.revenue_analysis.total_revenue' RETURNING NUMBER
    ) AS total_revenue,
    JSON_VALUE(
        agent_results,
        '$.intelligence.data.financial_intelligence.revenue_analysis.gross_margin' RETURNING NUMBER
    ) AS gross_margin,
    status,
    run_status
FROM analysis_results
WHERE execution_timestamp >= SYS_EXTRACT_UTC(SYSTIMESTAMP) - INTERVAL '30' DAY
