"""Clocks, seeds, preferences, devices."""

import pytest

from eqsnn import seeds
from eqsnn.clocks import Clock, choose_clock, defaultclock
from eqsnn.devices import device, set_device
from eqsnn.grammar import errors
from eqsnn.network import Network
from eqsnn.neurongroup import NeuronGroup
from eqsnn.prefs import UnknownPreferenceError, prefs
from eqsnn.units import Hz, have_same_dimensions, ms, second


def test_time_is_a_number_of_steps():
    clock = Clock(0.1 * ms)
    clock.step = 3
    assert clock.t_ == 3 * clock.dt_ and clock.t_in_timesteps == 3
    assert have_same_dimensions(clock.t, second) and have_same_dimensions(clock.dt, second)


def test_a_new_dt_keeps_the_time():
    clock = Clock(1 * ms)
    clock.step = 4
    clock.dt = 0.5 * ms
    assert clock.step == 8


def test_seek_goes_to_the_next_step():
    clock = Clock(0.1 * ms)
    clock.seek(0.3)
    assert clock.step == 3000
    clock.seek(0.00015)
    assert clock.step == 2


def test_a_run_goes_on_where_a_slow_clock_has_no_step():
    group = NeuronGroup(1, "x : 1", dt=1 * ms)
    group.run_regularly("x += 1", dt=2 * ms)
    network = Network(group)
    for _ in range(3):
        network.run(1 * ms)
    assert group.x[0] == 2
    group.clock.dt = 2 * ms
    with pytest.raises(errors.RunError, match=r"the time 0\.003 s is not a whole number of steps of 2 ms"):
        network.run(2 * ms)


@pytest.mark.parametrize(("dt", "code"), [(0.1, "E220"), (3 * Hz, "E220"), (0 * ms, "E553"), (-1 * ms, "E553"),
                                          ([1, 2] * ms, "E553"), (float("nan") * ms, "E553"), ("1*ms", "E220")])
def test_what_cannot_be_a_dt(dt, code):
    for use in (lambda: Clock(dt), lambda: setattr(defaultclock, "dt", dt), lambda: NeuronGroup(1, dt=dt)):
        with pytest.raises(errors.EqsnnError) as caught:
            use()
        assert caught.value.code == code


def test_the_default_clock_has_no_other_settings():
    with pytest.raises(errors.ModelError, match="'t' is no attribute of a clock"):
        defaultclock.t = 3 * ms


def test_choice_of_a_clock():
    own = Clock(1 * ms)
    assert choose_clock(None, None) is defaultclock
    assert choose_clock(None, None, own) is own and choose_clock(None, own) is own
    assert choose_clock(2 * ms, None).dt_ == 0.002
    for dt, clock in ((1 * ms, own), (None, 3)):
        with pytest.raises(errors.ModelError) as caught:
            choose_clock(dt, clock)
        assert caught.value.code == "E555"


def test_seed_is_kept_and_streams_restart():
    seeds.seed(5)
    assert seeds.current_seed() == 5
    assert [seeds.next_stream(), seeds.next_stream()] == [0, 1]
    seeds.seed(5)
    assert seeds.next_stream() == 0


def test_without_a_seed_one_is_drawn_once():
    seeds.seed()
    drawn = seeds.current_seed()
    assert 0 <= drawn < 2**64 and seeds.current_seed() == drawn
    seeds.seed()
    assert seeds.current_seed() != drawn


@pytest.mark.parametrize("bad", [-1, 2**64, 1.5, "a", True])
def test_what_cannot_be_a_seed(bad):
    with pytest.raises(errors.ModelError, match="a seed must be an integer"):
        seeds.seed(bad)


def test_preferences_are_checked():
    prefs.threads, prefs.precision, prefs.check_finite, prefs.cache_dir = 4, "float32", True, "~/x"
    assert (prefs.threads, prefs.precision, prefs.check_finite) == (4, "float32", True)
    assert prefs.cache_dir.is_absolute()
    prefs.reset()
    assert prefs.threads is None and prefs.precision == "float64"


@pytest.mark.parametrize(
    ("name", "value"),
    [("threads", 0), ("threads", 2.5), ("threads", True), ("precision", "double"), ("check_finite", 1),
     ("cache_dir", 3), ("compiler", 3), ("optimise", None)],
)  # fmt: skip
def test_preferences_refuse(name, value):
    with pytest.raises(errors.ModelError, match=f"prefs.{name} must be") as caught:
        setattr(prefs, name, value)
    assert caught.value.diagnostic.hint


def test_unknown_preferences_suggest():
    with pytest.raises(UnknownPreferenceError, match=r"did you mean 'prefs\.threads'\?"):
        prefs.thread = 3
    with pytest.raises(UnknownPreferenceError):
        _ = prefs.codegen
    assert not hasattr(prefs, "codegen")


def test_every_preference_is_explained():
    assert all("# " in line for line in repr(prefs).splitlines()) and "prefs.threads = None" in repr(prefs)


def test_devices():
    assert set_device("cpp") is device and device.name == "cpp"
    with pytest.raises(errors.NameError, match="did you mean 'cpp'"):
        device("cp")
