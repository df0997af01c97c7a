CREATE INDEX idx_analysis_status ON analysis_results (status, execution_timestamp)
