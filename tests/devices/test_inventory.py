"""Which devices and places a session gets of what is here."""

from __future__ import annotations

from pathlib import Path

import pytest
from fake_driver import MIG_UUID, UUID, Machine, python

from hptui.core.devices.inventory import Device, Inventory, Place, choose, env_for, without_gpus
from hptui.core.devices.nvml import Gpu, Unreachable
from hptui.core.errors import StudyError
from hptui.core.scheduler.gpu_recover import label as gpu_label
from hptui.core.study.study import Resources

FOUR = tuple(Gpu(UUID(i), "H200", i, 140 << 30, "default", False) for i in range(4))
MIG = (
    Gpu(UUID(0), "H200", 0, 140 << 30, "default", True),
    Gpu(MIG_UUID(0, 0), "H200 MIG", 0, 70 << 30, "default", None, 0),
    Gpu(MIG_UUID(0, 1), "H200 MIG", 0, 70 << 30, "default", None, 1),
)


def ids(inventory: Inventory) -> list[str]:
    return [device.id for device in inventory.devices]


def test_every_gpu_is_one_place() -> None:
    assert choose(FOUR, Resources(gpus=1), 16, {}) == Inventory(
        devices=tuple(Device(UUID(i), "H200", "gpu", i, 140 << 30) for i in range(4)),
        slots=tuple(Place(UUID(i), 0) for i in range(4)),
        threads=4,
    )


def test_fewer_slots_than_gpus_leave_gpus_free() -> None:
    found = choose(FOUR, Resources(slots=2, gpus=1), 16, {})

    assert found.at_once == 2
    assert found.threads == 8
    assert len(found.devices) == 4


def test_a_gpu_is_cut_into_shares_of_the_size_that_a_trial_takes() -> None:
    assert [choose(FOUR[:2], Resources(gpus=share), 8, {}).at_once for share in (0.5, 0.25, 0.3, 0.01)] == [4, 8, 6, 32]


def test_trials_that_take_two_gpus_are_half_as_many() -> None:
    found = choose(FOUR, Resources(gpus=2), 8, {})

    assert (found.at_once, found.threads) == (2, 4)
    assert env_for(found.devices[1:3], "uuid") == {"CUDA_VISIBLE_DEVICES": f"{UUID(1)},{UUID(2)}"}
    assert env_for(found.devices[1:3], "index")["CUDA_VISIBLE_DEVICES"] == "1,2"


def test_as_many_trials_as_fit_share_a_gpu_when_nothing_is_said() -> None:
    assert choose(FOUR[:2], Resources(max_trials=5), 8, {}).at_once == 10


@pytest.mark.parametrize(
    ("found", "asked", "refusal"),
    [
        (FOUR[:2], Resources(gpus=3), "resources.gpus: a trial takes 3 GPUs; there are 2 GPUs to use"),
        (FOUR[:2], Resources(gpu_memory_bytes=141 << 30),
         "resources.gpu_memory: 141.0 GiB is more than any GPU has: the largest has 140.0 GiB"),
        (MIG, Resources(gpus=2), "resources.gpus: a trial takes 2 GPUs, and these are instances: 0, instance 0"),
        ((), Resources(gpus=0.25), "resources.gpus: a trial takes 0.25 of a GPU, and none can be used: there is no"),
        ((), Resources(gpu_memory_bytes=6 << 30), "resources.gpu_memory: a trial takes 6.0 GiB, and no GPU can be"),
    ],
)  # fmt: skip
def test_more_than_there_is_is_refused_with_the_numbers(found: tuple[Gpu, ...], asked: Resources, refusal: str) -> None:
    with pytest.raises(StudyError) as refused:
        choose(found, asked, 8, {})

    assert str(refused.value).startswith(refusal)


def test_devices_by_index_on_a_mix_of_gpus_are_noted_as_doubtful() -> None:
    mix = (*FOUR[:1], Gpu(UUID(1), "T4", 1, 15 << 30, "default", False))

    assert [len(choose(mix, Resources(devices=d), 8, {}).notes) for d in ([1], [UUID(1)])] == [1, 0]


def test_more_slots_than_gpus_are_not_given_and_the_note_says_so() -> None:
    found = choose(FOUR[:2], Resources(slots=5, gpus=1), 16, {})

    assert len(found.slots) == 2
    assert found.notes == ("5 slots were asked for; there are 2 GPUs, and each takes one trial at a time",)


@pytest.mark.parametrize(
    ("value", "left"),
    [
        ("1,3", [1, 3]),
        ("3, 1", [3, 1]),
        (f"{UUID(2)},0", [2, 0]),
        (UUID(2)[:-1], None),  # the beginning of four UUIDs
        ("1,1", [1]),
        ("0,9,1", [0]),  # as CUDA: the first that is no device ends the list
        ("", None),
        ("-1", None),
        ("NoDevFiles", None),
    ],
)
def test_cuda_visible_devices_is_respected(value: str, left: list[int] | None) -> None:
    found = choose(FOUR, Resources(), 8, {"CUDA_VISIBLE_DEVICES": value})

    assert ids(found) == (["cpu"] if left is None else [UUID(i) for i in left])


def test_hidden_gpus_are_noted() -> None:
    found = choose(FOUR, Resources(gpus=1), 8, {"CUDA_VISIBLE_DEVICES": "1"})

    assert found.notes == (f"CUDA_VISIBLE_DEVICES=1 leaves 1 ({UUID(1)})",)


def test_with_all_gpus_hidden_trials_run_on_the_cpu_and_do_not_find_them() -> None:
    found = choose(FOUR, Resources(slots=3), 6, {"CUDA_VISIBLE_DEVICES": ""})

    assert found.slots == (Place("cpu", 0), Place("cpu", 1), Place("cpu", 2))
    assert found.threads == 2
    assert env_for(found.devices[:1], "uuid") == {"CUDA_VISIBLE_DEVICES": ""}
    assert found.notes == ("trials run on the CPU, 3 at once: CUDA_VISIBLE_DEVICES= leaves no GPU",)


def test_an_index_on_a_mix_of_gpus_is_doubtful_unless_the_order_is_said() -> None:
    mix = (*FOUR[:1], Gpu(UUID(1), "T4", 1, 15 << 30, "default", False))

    doubt = choose(mix, Resources(gpus=1), 8, {"CUDA_VISIBLE_DEVICES": "0,1"})
    clear = choose(mix, Resources(gpus=1), 8, {"CUDA_VISIBLE_DEVICES": "0,1", "CUDA_DEVICE_ORDER": "PCI_BUS_ID"})

    assert len(doubt.notes) == 1 and "PCI order" in doubt.notes[0]
    assert clear.notes == ()


def test_gpus_can_be_named_by_index_and_uuid_in_any_order() -> None:
    assert ids(choose(FOUR, Resources(devices=[3, UUID(1)], gpus=1), 8, {})) == [UUID(3), UUID(1)]


def test_a_gpu_that_is_not_here_is_refused_with_what_exists() -> None:
    with pytest.raises(StudyError) as refused:
        choose(FOUR[:2], Resources(devices=[0, 7], gpus=1), 8, {})

    assert str(refused.value) == (
        f"resources.devices: there is no GPU 7 to use\n  hint: here: 0 ({UUID(0)}); 1 ({UUID(1)})"
    )


def test_a_named_gpu_that_is_hidden_is_refused_as_hidden() -> None:
    with pytest.raises(StudyError, match="GPU 3 is hidden by CUDA_VISIBLE_DEVICES=0,1"):
        choose(FOUR, Resources(devices=[3], gpus=1), 8, {"CUDA_VISIBLE_DEVICES": "0,1"})


def test_an_empty_list_of_gpus_is_refused() -> None:
    with pytest.raises(StudyError, match="names no GPU"):
        choose(FOUR, Resources(devices=[], gpus=1), 8, {})


def test_lost_and_prohibited_gpus_are_left_out_and_noted() -> None:
    prohibited = Gpu(UUID(2), "H200", 2, 140 << 30, "prohibited", False)

    found = choose((FOUR[0], Unreachable(1, "it needs a reset"), prohibited), Resources(gpus=1), 8, {})

    assert ids(found) == [UUID(0)]
    assert found.notes == (
        "GPU 1 is not used: it needs a reset",
        "GPU 2 is not used: its compute mode is prohibited",
    )


def test_a_gpu_that_lets_one_process_in_takes_one_trial_at_a_time() -> None:
    alone = Gpu(UUID(2), "H200", 2, 140 << 30, "exclusive process", False)

    found = choose((FOUR[0], alone), Resources(max_trials=3), 8, {})

    assert found.slots == (Place(UUID(0), 0), Place(UUID(2), 0), Place(UUID(0), 1), Place(UUID(0), 2))
    assert [device.one_process for device in found.devices] == [False, True]
    assert found.notes == ("GPU 2 takes one trial at a time: its compute mode is exclusive process",)


def test_the_instances_of_a_gpu_in_mig_mode_are_used_in_its_place() -> None:
    found = choose((*MIG, FOUR[1]), Resources(gpus=1), 9, {})

    assert ids(found) == [MIG_UUID(0, 0), MIG_UUID(0, 1), UUID(1)]
    assert env_for(found.devices[:1], "index") == {"CUDA_VISIBLE_DEVICES": MIG_UUID(0, 0)}


def test_a_gpu_in_mig_mode_without_instances_is_left_out() -> None:
    found = choose((MIG[0], FOUR[1]), Resources(gpus=1), 9, {})

    assert ids(found) == [UUID(1)]
    assert found.notes == ("GPU 0 is not used: it is in MIG mode and has no instances",)


def test_a_trial_is_shown_its_gpu_by_uuid_or_by_index() -> None:
    device = Device(UUID(2), "H200", "gpu", 2)

    assert env_for([device], "uuid") == {"CUDA_VISIBLE_DEVICES": UUID(2)}
    assert env_for([device], "index") == {"CUDA_VISIBLE_DEVICES": "2", "CUDA_DEVICE_ORDER": "PCI_BUS_ID"}


def test_without_gpus_a_trial_finds_the_environment_as_it_is() -> None:
    assert env_for([Device("cpu", "Xeon", "cpu")], "uuid") == {}


def test_a_place_reads_as_the_tables_write_it() -> None:
    assert [str(Place("cpu", 1)), str(Place(UUID(0), 0))] == ["cpu:1", UUID(0)]


INVENTORY = (
    "from hptui.core.devices.inventory import inventory\nfrom hptui.core.errors import StudyError\n"
    "from hptui.core.study.study import Resources\n"
)


def test_a_machine_with_gpus_is_found_through_nvml(machine: Machine) -> None:
    machine.set("512", "512 0 35 0 0 15")

    found = python(INVENTORY + "answer = inventory(Resources(gpus=1))", machine.env(3))

    assert ids(found) == [UUID(0), UUID(2)]
    assert found.slots == (Place(UUID(0), 0), Place(UUID(2), 0))


def test_the_users_own_cuda_visible_devices_reaches_the_inventory(machine: Machine) -> None:
    found = python(INVENTORY + "answer = inventory(Resources(gpus=1))", machine.env(3, CUDA_VISIBLE_DEVICES="2"))

    assert ids(found) == [UUID(2)]


def test_a_driver_without_gpus_means_cpu_slots(machine: Machine) -> None:
    found = python(INVENTORY + "answer = inventory(Resources())", machine.env(0))

    assert found.devices[0].kind == "cpu"
    assert len(found.slots) >= 2
    assert found.notes[0].endswith("at once: there is no NVIDIA GPU")


def test_far_more_trials_at_once_than_cores_are_said_with_the_numbers() -> None:
    few, many = without_gpus(4, 2, "as asked", hides_gpus=False), without_gpus(99, 2, "as asked", hides_gpus=False)

    assert few.notes == ("trials run on the CPU, 4 at once: as asked",)
    said = "99 trials at once share the 2 cores, 49.5 each: all are that much slower, and their memory adds up"
    assert many.notes == ("trials run on the CPU, 99 at once: as asked", said)


def test_devices_none_hides_them_from_trials(machine: Machine) -> None:
    found = python(INVENTORY + "answer = inventory(Resources(devices='none', slots=3))", machine.env(3))

    assert found.slots == (Place("cpu", 0), Place("cpu", 1), Place("cpu", 2))
    assert env_for(found.devices[:1], "uuid") == {"CUDA_VISIBLE_DEVICES": ""}


def test_asking_for_a_gpu_where_there_is_no_driver_is_refused(tmp_path: Path) -> None:
    code = INVENTORY + "try: inventory(Resources(devices=[0]))\nexcept StudyError as error: answer = str(error)"

    refusal = python("import sys\nsys.modules['pynvml'] = None\n" + code, {})

    assert refusal == (
        "resources.devices: GPU 0 can't be used: the Python package nvidia-ml-py is not installed"
        '\n  hint: write devices = "none" to train on the CPU'
    )


def test_of_a_machine_with_instances_a_trial_of_several_gpus_gets_whole_ones_and_instances_have_short_names() -> None:
    whole = [Gpu(f"GPU-{i}", "H200", i, 80 << 30) for i in range(2)]
    parts = [Gpu(f"MIG-{k}", "H200", 2, 10 << 30, instance=k) for k in range(2)]

    both = choose([*whole, *parts], Resources(gpus=2), 8, {})
    each = choose([*whole, *parts], Resources(gpus=1), 8, {})

    assert [device.id for device in both.devices] == ["GPU-0", "GPU-1"]
    assert both.notes == ("MIG instances are not used: a trial takes 2 GPUs",)
    assert [gpu_label(device) for device in each.devices] == ["GPU 0", "GPU 1", "GPU 2.0", "GPU 2.1"]
    with pytest.raises(StudyError, match="a trial takes 3 GPUs; there are 2 GPUs to use"):
        choose([*whole, *parts], Resources(gpus=3), 8, {})
