-- Rewards: a delivery earns each reason once, and the store itself keeps that.
CREATE TABLE reward_codes (
    tenant         text  NOT NULL,
    reward_code_id text  NOT NULL,
    delivery_id    text  NOT NULL,
    reason         text  NOT NULL,
    body           jsonb NOT NULL,                  -- the domain's RewardCode
    PRIMARY KEY (tenant, reward_code_id),
    CONSTRAINT reward_codes_once UNIQUE (tenant, delivery_id, reason)
);
SELECT doorstep_protect('reward_codes');
