CREATE INDEX idx_analysis_type ON analysis_results (analysis_type, execution_timestamp)
