"""The stored study: file names, columns, writers and readers. The only thing the report reads.

Each run's folder is written by one process: whole files by rename, rows by append. A reader
tolerates a torn last line and a missing folder, and counts them.
"""

from lab.record.columns import CLASS_SHARE_PREFIX as CLASS_SHARE_PREFIX
from lab.record.columns import IMAGES_SEEN as IMAGES_SEEN
from lab.record.columns import QUALITY as QUALITY
from lab.record.columns import SECONDS_EVALUATING as SECONDS_EVALUATING
from lab.record.columns import SECONDS_TRAINING as SECONDS_TRAINING
from lab.record.columns import SIGNAL_PREFIX as SIGNAL_PREFIX
from lab.record.columns import STEP as STEP
from lab.record.columns import MetricNames as MetricNames
from lab.record.columns import class_share as class_share
from lab.record.columns import metric_names as metric_names
from lab.record.durable import LOCK_FILE as LOCK_FILE
from lab.record.durable import StorageFailed as StorageFailed
from lab.record.durable import sole_writer as sole_writer
from lab.record.durable import write_whole as write_whole
from lab.record.evaluations import Evaluations as Evaluations
from lab.record.evaluations import Row as Row
from lab.record.files import NewerFormat as NewerFormat
from lab.record.files import Rows as Rows
from lab.record.files import append_row as append_row
from lab.record.files import is_readable as is_readable
from lab.record.files import read_json as read_json
from lab.record.files import read_rows as read_rows
from lab.record.files import write_json as write_json
from lab.record.files import write_rows as write_rows
from lab.record.names import CONFIG_FILE as CONFIG_FILE
from lab.record.names import ERROR_FILE as ERROR_FILE
from lab.record.names import EVALUATIONS_FILE as EVALUATIONS_FILE
from lab.record.names import FORMAT as FORMAT
from lab.record.names import GENERATOR_FILE as GENERATOR_FILE
from lab.record.names import OPTUNA_FILE as OPTUNA_FILE
from lab.record.names import REPORT_FILE as REPORT_FILE
from lab.record.names import RUN_FILE as RUN_FILE
from lab.record.names import SAMPLES_FOLDER as SAMPLES_FOLDER
from lab.record.names import STAGES as STAGES
from lab.record.names import STUDY_FILE as STUDY_FILE
from lab.record.names import TRIAL_FILE as TRIAL_FILE
from lab.record.names import Stage as Stage
from lab.record.names import neighbours_file as neighbours_file
from lab.record.names import run_folder as run_folder
from lab.record.names import sample_file as sample_file
from lab.record.names import trial_folder as trial_folder
from lab.record.reading import RunRecord as RunRecord
from lab.record.reading import StudyRecord as StudyRecord
from lab.record.reading import is_study as is_study
from lab.record.reading import read_study as read_study
from lab.record.reading import require_study as require_study
from lab.record.verdicts import FAILURES as FAILURES
from lab.record.verdicts import STABLE as STABLE
from lab.record.verdicts import UNBROKEN as UNBROKEN
from lab.record.verdicts import Status as Status
from lab.record.verdicts import VerdictName as VerdictName
