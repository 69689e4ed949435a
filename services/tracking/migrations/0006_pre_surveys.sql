-- What recipients answered: one response per attempt, the first stays.

CREATE TABLE survey_responses (
    tenant      text        NOT NULL DEFAULT doorstep_tenant(),
    task_id     text        NOT NULL,
    delivery_id text        NOT NULL,
    answered_at timestamptz NOT NULL,
    comment     text        NOT NULL, -- a person's own words: here and nowhere else
    body        jsonb       NOT NULL, -- the domain's SurveyAnswered
    PRIMARY KEY (tenant, task_id)
);
CREATE INDEX survey_responses_order ON survey_responses (tenant, answered_at, task_id);
SELECT doorstep_protect('survey_responses');
