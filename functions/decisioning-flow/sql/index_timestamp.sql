CREATE INDEX idx_analysis_timestamp ON analysis_results (execution_timestamp)
