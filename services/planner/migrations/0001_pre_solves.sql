-- The record of solves: what is needed to compare and to replay, never the problem itself.
CREATE TABLE solves (
    tenant               text        NOT NULL,
    optimization_id      text        NOT NULL,
    create_time          timestamptz NOT NULL,
    problem_digest       text        NOT NULL,
    seed                 bigint      NOT NULL,
    engine_version       text        NOT NULL,
    rules_version        text        NOT NULL,
    access_rules_version bigint      NOT NULL,
    map_id               text        NOT NULL,
    solution_count       bigint      NOT NULL,
    solve_end            text        NOT NULL,
    solve_milliseconds   bigint      NOT NULL,
    cost_micros          bigint      NOT NULL,
    task_count           integer     NOT NULL,
    unassigned_count     integer     NOT NULL,
    route_count          integer     NOT NULL,
    access_checked       boolean     NOT NULL,
    PRIMARY KEY (tenant, optimization_id)
);
CREATE INDEX solves_time ON solves (tenant, create_time);
SELECT doorstep_protect('solves');
