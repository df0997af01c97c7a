-- One row for each run. The bucket keeps the same document, and here it can be queried.
CREATE TABLE analysis_results (
    result_id VARCHAR2(128) NOT NULL,
    analysis_type VARCHAR2(100) NOT NULL,
    execution_timestamp TIMESTAMP NOT NULL,
    finished_timestamp TIMESTAMP NOT NULL,
    agent_results CLOB NOT NULL,
    executive_summary CLOB NOT NULL,
    status VARCHAR2(20) DEFAULT 'COMPLETED' NOT NULL,
    run_status VARCHAR2(20) NOT NULL,
    business_health_numeric NUMBER,
    created_by VARCHAR2(128) DEFAULT USER,
    retention_date DATE NOT NULL,
    CONSTRAINT pk_analysis_results PRIMARY KEY (result_id),
    CONSTRAINT ck_agent_results_json CHECK (agent_results IS JSON),
    CONSTRAINT ck_executive_summary_json CHECK (executive_summary IS JSON),
    CONSTRAINT ck_analysis_status CHECK (status IN ('COMPLETED', 'FAILED')),
    CONSTRAINT ck_run_status CHECK (run_status IN ('success', 'partial', 'error')),
    CONSTRAINT ck_business_health CHECK (business_health_numeric BETWEEN 0 AND 100)
)
