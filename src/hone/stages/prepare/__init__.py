"""Prepare: reviewed examples become frozen datasets."""

from hone.stages.prepare.build import Built, build_dataset
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
    "Prepared",
    "build_dataset",
    "check_files",
    "compare_datasets",
    "dataset_folder",
    "export_dataset",
    "freeze_without",
    "kept_out",
    "load_prepared",
]
