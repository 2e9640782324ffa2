"""Naming values: they come out as they went in."""


def test_the_output_is_the_values(run, tenant):
    values = {"total": "149.90", "اسم": "نور", "list": [1, {"a": None}], "none": None, "yes": True}

    assert run("set_values", values=values) == values
