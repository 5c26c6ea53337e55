#!/usr/bin/env python3
"""Remakes events.json with pandas: python3 make_events.py > events.json

A small dirty log of events as CSV, and what pandas makes of it: features and labels of customers at
cut-offs, by the definitions of preprocessing/events/features.h and windows.h. Also spellings of times
with what pandas and datetime read in them, and dates with their days since 1970.
"""
import calendar
import datetime
import io
import json

import numpy as np
import pandas as pd

DAY = pd.Timedelta(days=1)
WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
COUNTRIES = ["UK", "France", "Eire", "Côte d'Ivoire"]


def make_log():
    random = np.random.default_rng(11)
    rows = []
    for invoice in range(260):
        customer = f"c{random.integers(0, 40):02d}"
        time = pd.Timestamp("2011-01-01") + pd.Timedelta(minutes=int(random.integers(0, 365 * 1440)))
        is_return = random.random() < 0.15
        country = COUNTRIES[int(customer[1:]) % len(COUNTRIES)]
        for _ in range(random.integers(1, 5)):
            time += pd.Timedelta(minutes=int(random.integers(0, 3)))
            rows.append({"invoice": f"{'C' if is_return else ''}{5000 + invoice}",
                         "item": f"i{random.integers(0, 12)}",
                         "when": time.strftime("%Y-%m-%d %H:%M:%S"),
                         "pieces": int(random.integers(1, 9)) * (-1 if is_return else 1),
                         "price": round(float(random.lognormal(1, 1)), 2),
                         "customer": customer, "country": country})
    random.shuffle(rows)
    for row in rows[::17]:
        row["customer"] = ""
    for row in rows[5::41]:
        row["when"] = ""
    for row in rows[3::29]:
        row["price"] = ""
    for row in rows[7::31]:
        row["item"] = ""
    for row in rows[11::37]:
        row["country"] = ""
    for row in rows[13::23]:
        if not row["invoice"].startswith("C"):
            row["invoice"] = ""
    return pd.DataFrame(rows)


def days(length):
    return length / DAY


def features_of(past, cutoff):
    """Of one customer's events before the cut-off."""
    bought = past[~past.is_return]
    named = bought.order.where(bought.invoice.notna(), "day " + bought.when.dt.strftime("%Y-%m-%d"))
    orders = bought.groupby(named).agg(time=("when", "min"), money=("money", "sum"), items=("item", "nunique"))
    orders = orders.sort_values("time")
    gaps = orders.time.diff().dropna() / DAY
    result = {
        "recency_days": days(cutoff - orders.time.iloc[-1]),
        "age_days": days(cutoff - orders.time.iloc[0]),
        "span_days": days(orders.time.iloc[-1] - orders.time.iloc[0]),
        "orders": len(orders),
        "repeat_orders": len(orders) - 1,
        "purchase_lines": len(bought),
        "gap_mean_days": gaps.mean(),
        "gap_deviation_days": gaps.std(ddof=0) if len(gaps) > 1 else np.nan,
        "money_total": orders.money.sum(),
        "money_per_order": orders.money.mean(),
        "money_deviation": orders.money.std(ddof=0) if len(orders) > 1 else np.nan,
        "items_distinct": bought["item"].nunique(),
        "items_per_order": orders["items"].mean(),
    }
    for length in (30, 90):
        last = orders[(orders.time >= cutoff - length * DAY)]
        before = orders[(orders.time >= cutoff - 2 * length * DAY) & (orders.time < cutoff - length * DAY)]
        result[f"orders_last_{length}d"] = len(last)
        result[f"orders_change_{length}d"] = len(last) - len(before)
        result[f"money_last_{length}d"] = last.money.sum()
        result[f"money_change_{length}d"] = last.money.sum() - before.money.sum()
    returned = past[past.is_return]
    result["returns"] = returned.invoice.nunique()
    result["money_returned"] = returned.money.abs().sum()
    for number, name in enumerate(WEEKDAYS):
        result[f"orders_on_{name}"] = (orders.time.dt.day_of_week == number).sum()
    for country in COUNTRIES[:2]:
        result[f"events_country_{country}"] = (past.country == country).sum()
    result["events_country_other"] = (past.country.notna() & ~past.country.isin(COUNTRIES[:2])).sum()
    return {name: None if pd.isna(value) else float(value) for name, value in result.items()}


def snapshot(log, cutoff, window, gap, observe, least, active, since):
    cutoff = pd.Timestamp(cutoff)
    begin = cutoff - observe * DAY if observe else pd.Timestamp.min
    past = log[(log.when >= begin) & (log.when < cutoff)]
    bought = past[~past.is_return].groupby("customer").when.agg(["count", "min", "max"])
    fits = bought["count"] >= least
    if active:
        fits &= bought["max"] >= cutoff - active * DAY
    if since:
        fits &= bought["min"] <= cutoff - since * DAY
    customers = sorted(bought.index[fits])
    future = log[(log.when >= cutoff + gap * DAY) & (log.when < cutoff + (gap + window) * DAY) & ~log.is_return]
    stay = set(future.customer)
    rows = [features_of(past[past.customer == customer], cutoff) for customer in customers]
    return {"cutoff": cutoff.strftime("%Y-%m-%d"), "window": window, "gap": gap, "observe": observe, "least": least,
            "active": active, "since": since, "customers": customers,
            "churn": [int(customer not in stay) for customer in customers],
            "names": list(rows[0]), "rows": [list(row.values()) for row in rows]}


def microseconds(time):
    return calendar.timegm(time.utctimetuple()) * 1_000_000 + time.microsecond


def times():
    iso = ["1970-01-01", "2011-12-09 12:50:00", "2011-12-09T12:50", "2011-12-09T12", "1969-12-31T23:59:59.999999",
           "2000-02-29T00:00:00Z", "2011-12-09T12:50:00+05:30", "2011-12-09T12:50:00-0800", "2011-12-09T12:50:00.5+01",
           "19970101", "20111209T125000", "1601-01-01T00:00:00.000001", "2262-04-11", "2024-12-31T23:59:59.1234567"]
    found = [[text, "iso", microseconds(pd.Timestamp(text))] for text in iso]
    patterns = [("12/1/2010 8:26", "%m/%d/%Y %H:%M"), ("09.12.11", "%d.%m.%y"), ("2024 366", "%Y %j"),
                ("31-Dec-1999 11:59:59 PM", "%d-%b-%Y %I:%M:%S %p"), ("2011-03", "%Y-%m"),
                ("Friday, 9 December 2011", "%A, %d %B %Y"), ("fri 09DEC2011", "%a %d%b%Y"),
                ("12:00:00 am 01/02/69", "%I:%M:%S %p %m/%d/%y"), ("01/02/68", "%m/%d/%y"),
                ("2011-12-09T12:50:00.25 +0130", "%Y-%m-%dT%H:%M:%S.%f %z")]
    for text, pattern in patterns:
        found.append([text, pattern, microseconds(pd.Timestamp(datetime.datetime.strptime(text, pattern)))])
    return found


def dates():
    random = np.random.default_rng(3)
    ordinals = sorted({1, 719163, 730179, 730180, 3652059, *map(int, random.integers(1, 3652059, 200))})
    found = []
    for ordinal in ordinals:
        date = datetime.date.fromordinal(ordinal)
        found.append([ordinal - 719163, date.year, date.month, date.day, date.weekday()])
    return found


def main():
    table = make_log()
    text = table.to_csv(index=False)
    log = pd.read_csv(io.StringIO(text), dtype={"invoice": str}, keep_default_na=False,
                      na_values={name: [""] for name in table.columns})
    left_out = {"customer": int(log.customer.isna().sum()),
                "time": int((log.customer.notna() & log.when.isna()).sum())}
    log["when"] = pd.to_datetime(log.when)
    log = log[log.customer.notna() & log.when.notna()].copy()
    log["order"] = log.invoice
    log["is_return"] = log.invoice.str.startswith("C").fillna(False).astype(bool)
    log["money"] = log.pieces * log.price
    log = log.sort_values("when", kind="stable")
    cases = [snapshot(log, "2011-07-01", 90, 0, 0, 1, 0, 0),
             snapshot(log, "2011-10-01", 60, 7, 120, 1, 0, 0),
             snapshot(log, "2011-09-01", 90, 0, 0, 3, 100, 150)]
    print(json.dumps({"pandas": pd.__version__, "numpy": np.__version__, "left_out": left_out,
                      "events": len(log), "log": text, "cases": cases, "times": times(), "dates": dates()},
                     ensure_ascii=False))


if __name__ == "__main__":
    main()
