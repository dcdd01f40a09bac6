"""Finance over many measures: who enters it, what its pages add up."""


def test_finance_is_in_the_navigation_of_who_may_see_money_and_of_nobody_else(client, cast):
    client.sign_in(cast.controller)
    text = client.get("/finance").text
    assert 'href="/finance" aria-current="page"' in text
    client.sign_in(cast.administrator)
    assert 'href="/finance"' not in client.get("/").text
    assert client.get("/finance").status_code == 403
