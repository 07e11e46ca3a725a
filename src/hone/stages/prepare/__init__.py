"""Prepare: reviewed examples become frozen datasets."""

from hone.stages.prepare.build import Built, Draft, build_dataset, drafted, keep
from hone.stages.prepare.control import freeze_without
from hone.stages.prepare.layouts import LAYOUTS
from hone.stages.prepare.loaded import Prepared, load_prepared
from hone.stages.prepare.look import (
    Difference,
    check_files,
    compare_datasets,
    dataset_folder,
    export_dataset,
    kept_out,
)
from hone.stages.prepare.options import BuildOptions

__all__ = [
    "LAYOUTS",
    "BuildOptions",
    "Built",
    "Difference",
    "Draft",
    "Prepared",
    "build_dataset",
    "check_files",
    "compare_datasets",
    "dataset_folder",
    "drafted",
    "export_dataset",
    "freeze_without",
    "keep",
    "kept_out",
    "load_prepared",
]
