import pytest

from intake.forms import TrialForm
from tests.submissions import a_submission


def test_a_form_is_never_read_without_its_judge():
    with pytest.raises(TypeError, match="judged"):
        TrialForm.model_validate(a_submission())
