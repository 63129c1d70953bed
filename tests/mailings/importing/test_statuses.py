"""Who left another system is recognised by the columns that say so."""

from __future__ import annotations

import pytest

from apps.mailings.importing.columns import attribute_name
from apps.mailings.importing.statuses import by_channel, left, somebody_left


@pytest.mark.parametrize(
    ("header", "value", "reason"),
    [
        ("UNSUB_TIME", "2023-03-03 10:00:00", "unsubscribed"),  # Mailchimp
        ("CLEAN_TIME", "2023-03-03 10:00:00", "bounced"),
        ("email_status", "unsubscribed", "unsubscribed"),  # UniSender
        ("email_status", "inactive", "unsubscribed"),
        ("email_availability", "unreachable", "bounced"),
        ("EMAIL_BLACKLISTED", "Yes", "blocked"),  # Brevo
        ("subscribed_to_emails", "false", "unsubscribed"),  # Ghost
        ("deleted_at", "2024-01-01T00:00:00Z", "unsubscribed"),
        ("status", "blocklisted", "blocked"),  # listmonk
        ("Status", "unsubscribed", "unsubscribed"),  # Keila
        ("Участвует в рассылке", "нет", "unsubscribed"),  # Bitrix24
        ("Статус подписки", "Отписан", "unsubscribed"),
        ("Отписался", "да", "unsubscribed"),
        ("Дата отписки", "01.02.2024", "unsubscribed"),
        ("Согласие на рассылку", "Нет", "unsubscribed"),
        ("Accepts Email Marketing", "no", "unsubscribed"),  # Shopify
        ("Unsubscribed from all email", "true", "unsubscribed"),  # HubSpot
        ("opted_out", "1", "unsubscribed"),
        ("Do Not Email", "TRUE", "unsubscribed"),
        ("Email Bounced", "x", "bounced"),
        ("complained_at", "2024-01-01", "complained"),
        ("Состояние", "Жалоба на спам", "complained"),
        ("State", "Hard bounce", "bounced"),
        ("Группа", "Отписались", "unsubscribed"),  # unmistakable under any header
        ("Type", "Unsubscribed", "unsubscribed"),
        ("Заблокирован", "да", "blocked"),
        ("Чёрный список", "да", "blocked"),
        ("status", "pending", "blocked"),
    ],
)
def test_who_left_is_recognised(header: str, value: str, reason: str) -> None:
    name = attribute_name(header)
    assert somebody_left(name, ["", value, ""]) == value
    assert set(by_channel([name], [value]).values()) == {reason}


@pytest.mark.parametrize(
    ("header", "values"),
    [
        ("UNSUB_TIME", ["", " ", "null"]),
        ("UNSUB_CAMPAIGN_TITLE", ["March news"]),
        ("UNSUB_REASON", ["NORMAL: no longer want"]),
        ("email_unsubscribed_list_ids", ["1,2"]),
        ("email_status", ["active", "available", ""]),
        ("email_subscribe_times", ["2020-01-01 10:00:00"]),
        ("EMAIL_BLACKLISTED", ["No", "0", "false"]),
        ("subscribed_to_emails", ["true"]),
        ("Участвует в рассылке", ["да", ""]),
        ("status", ["enabled", "subscribed", "Lead", "Клиент"]),
        ("State", ["CA", "New York"]),
        ("Статус", ["VIP", "постоянный"]),
        ("Город", ["Уфа"]),
        ("DOUBLE_OPT-IN", ["No"]),
        ("days_left", ["5"]),
        ("created_at", ["2024-01-01"]),
        ("complimentary_plan", ["false"]),
    ],
)
def test_who_stays_is_not_asked_about(header: str, values: list[str]) -> None:
    name = attribute_name(header)
    assert somebody_left(name, values) is None
    assert not any(left(name, value) for value in values)


def test_of_two_columns_the_more_specific_reason_counts() -> None:
    names = ["email_status", "email_availability"]
    assert by_channel(names, ["inactive", "unreachable"]) == {"email": "bounced"}
    assert by_channel(names, ["unsubscribed", "available"]) == {"email": "unsubscribed"}


def test_a_column_of_one_channel_says_nothing_of_the_others() -> None:
    assert by_channel(["sms_blacklisted"], ["Yes"]) == {"phone": "blocked"}
    assert by_channel(["email_blacklisted"], ["Yes"]) == {"email": "blocked"}
    assert by_channel(["status"], ["unsubscribed"]) == {"*": "unsubscribed"}
    assert by_channel(["status"], ["email: bounced, phone: blocked"]) == {
        "email": "bounced",
        "phone": "blocked",
    }
