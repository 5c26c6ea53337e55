#!/usr/bin/env python3
"""Writes a CSV of SYNTHETIC shop customers with a churn label: equal seeds give equal files.

usage: make_synthetic.py --out OUT.csv [--rows 5000] [--seed 1]

The chance to leave follows a logistic formula with two interactions and a threshold, so that a
linear model finds part of it only. A few values are missing. None of it describes real people.
"""

import argparse
import math
import random

from csv_output import write_table

COLUMNS = (
    "customer_id",
    "plan",
    "region",
    "newsletter",
    "tenure_months",
    "orders_90_days",
    "days_since_order",
    "mean_basket",
    "discount_share",
    "returns_share",
    "support_tickets",
    "churn",
)
PLAN_RISK = {"basic": 0.4, "plus": -0.2, "family": -0.7}
REGIONS = ("north", "south", "east", "west", "上海", "Zürich")
INTERCEPT = -2.3  # about one customer in five leaves
MISSING_SHARE = 0.03


def exponential(draw, mean):
    return -mean * math.log(1.0 - draw.random())


def churn_logit(plan, newsletter, tenure, orders, recency, discount, returns, tickets):
    logit = INTERCEPT + PLAN_RISK[plan] - 0.02 * tenure
    logit += 1.6 * min(recency / 60.0, 1.5)
    logit += 2.5 if tickets >= 3 and returns > 0.2 else 0.0
    logit += 1.5 * discount * (1.0 if orders <= 2 else -0.6)
    return logit - (0.5 if newsletter else 0.0)


def customer(draw, number):
    """One row; every value is drawn from random() alone, which all versions of Python share."""
    plan = draw.choices(list(PLAN_RISK), (5, 3, 2))[0]
    region = draw.choices(REGIONS, (5, 4, 3, 3, 2, 1))[0]
    newsletter = draw.random() < 0.45
    tenure = 1 + int(exponential(draw, 24.0))
    orders = int(exponential(draw, 4.0))
    recency = int(min(exponential(draw, 25.0 if orders else 80.0), 365.0))
    basket = round(12.0 + exponential(draw, 38.0), 2)
    discount = round(draw.random() ** 2, 3)
    returns = round(draw.random() ** 3, 3)
    tickets = int(exponential(draw, 1.4))
    logit = churn_logit(plan, newsletter, tenure, orders, recency, discount, returns, tickets)
    leaves = draw.random() < 1.0 / (1.0 + math.exp(-logit))
    values = [plan, region, "yes" if newsletter else "no"]
    values += [tenure, orders, recency, basket, discount, returns, tickets]
    values = ["" if draw.random() < MISSING_SHARE else value for value in values]
    return [f"S{number:05d}", *values, "yes" if leaves else "no"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", required=True)
    parser.add_argument("--rows", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()

    draw = random.Random(options.seed)
    rows = (customer(draw, number) for number in range(1, options.rows + 1))
    write_table(options.out, COLUMNS, rows)


if __name__ == "__main__":
    main()
