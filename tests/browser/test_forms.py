"""The public pages as people meet them: without script, on a phone, by keyboard."""

import pytest

from intake.app import LABELS, build
from intake.services import Services
from onebox.server import Gateway, application
from onebox.serving import bind, serve
from partnerdesk.domain.signature import Links
from partnerdesk.usecases.answer_doorbell import Doorbell
from tests.desk import SmallDesk
from tests.submissions import a_submission

pytestmark = pytest.mark.e2e

PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1200, "height": 900}

HOSTILE = '"><script>document.title="ran"</script><img src=x onerror="document.title=\'ran\'">'

LOW_CONTRAST = """
() => {
  const parts = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((c) => c / 255).map(
      (c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const ground = (node) => {
    for (let each = node; each; each = each.parentElement) {
      const color = parts(getComputedStyle(each).backgroundColor);
      if (color.length < 4 || color[3] > 0) return color;
    }
    return [255, 255, 255];
  };
  const own = (node) => [...node.childNodes].some((it) => it.nodeType === 3 && it.data.trim());
  return [...document.body.querySelectorAll("*")].filter(own).map((node) => {
    const [one, other] = [parts(getComputedStyle(node).color), ground(node)].map(light);
    const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    return [ratio, node.textContent.trim().slice(0, 40)];
  }).filter(([ratio]) => ratio < 4.5);
}
"""

UNLABELLED = """
() => [...document.querySelectorAll("input, select")]
  .filter((it) => !it.closest("[aria-hidden]") && !it.labels.length).map((it) => it.name)
"""

TOO_WIDE = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture
def address(tmp_path):
    """Intake on a free port of this machine."""
    desk = SmallDesk(tmp_path)
    listening = bind(0, setting="PORT")
    root = f"http://127.0.0.1:{listening.getsockname()[1]}"
    links = Links(root, key=b"k" * 32)
    services = Services(
        ledger=desk.ledger,
        clock=desk.clock,
        ids=desk.ids,
        links=links,
        settings=desk.settings,
        doorbell=Doorbell({}, secrets=lambda: (), clock=desk.clock),
    )
    served = serve(application(Gateway({"*": build(services)}, desk.clock, desk.ids)), listening)
    yield served.address
    served.stop()
    desk.close()


@pytest.fixture(params=[True, False], ids=["with script", "without script"])
def visitor(request, chromium):
    context = chromium.new_context(viewport=DESKTOP, java_script_enabled=request.param)
    yield context.new_page()
    context.close()


def fill_in(page, fields):
    for name in ("organisation", "contact_name", "email", "city"):
        page.fill(f"#{name}", fields[name])
    page.fill("#users", str(fields["users"]))
    page.select_option("#country", fields["country"])
    page.select_option("#company_size", fields["company_size"])
    page.check(f"input[name=stage][value={fields['stage']}]")
    page.check("#terms_accepted")


def test_a_person_mends_the_form_and_arrives_at_the_status_page(visitor, address):
    fields = a_submission()
    visitor.goto(f"{address}/forms/trial")
    visitor.fill("#organisation", fields["organisation"])
    visitor.fill("#email", "ada@gmail.com")
    visitor.click("button[type=submit]")
    visitor.locator(".summary").wait_for()

    assert visitor.title().startswith("Error: ")
    assert visitor.locator(":focus").get_attribute("role") == "alert"
    assert visitor.input_value("#organisation") == fields["organisation"]
    assert visitor.locator("[aria-invalid=true]").count() == 6
    visitor.click(".summary a[href='#email']")
    assert visitor.locator(":focus").get_attribute("id") == "email"

    fill_in(visitor, fields)
    visitor.click("button[type=submit]")
    visitor.wait_for_url("**/status/*")
    assert visitor.inner_text("h1") == "We have your request"
    assert "TRL-2026-000001" in visitor.inner_text("main")


def test_a_form_is_filled_in_with_the_keyboard_alone(visitor, address):
    visitor.goto(f"{address}/forms/trial")
    visitor.focus("#organisation")
    reached = []
    while visitor.locator(":focus").get_attribute("type") != "submit":
        reached.append(visitor.locator(":focus").get_attribute("name"))
        visitor.keyboard.press("Tab")

    assert [name for name in reached if name] == list(LABELS)


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
@pytest.mark.parametrize("step", ["/", "/forms/trial", "errors", "status", "/status/nowhere"])
def test_every_page_fits_is_labelled_and_easy_to_read(chromium, address, viewport, step):
    context = chromium.new_context(viewport=viewport)
    page = context.new_page()
    page.goto(f"{address}{step if step.startswith('/') else '/forms/trial'}")
    if step == "status":
        fill_in(page, a_submission(organisation="W" * 200))
    if not step.startswith("/"):
        page.click("button[type=submit]")
        page.locator({"errors": ".summary", "status": ".steps"}[step]).wait_for()

    assert page.evaluate(TOO_WIDE) == 0
    assert page.evaluate(UNLABELLED) == []
    assert page.evaluate(LOW_CONTRAST) == []
    context.close()


def test_nothing_that_was_typed_runs_in_a_page(chromium, address):
    """robustness.md SEC-07."""
    context = chromium.new_context()
    page = context.new_page()
    page.goto(f"{address}/forms/trial")
    for name in ("organisation", "contact_name", "email", "city", "users"):
        page.fill(f"#{name}", HOSTILE)
    page.click("button[type=submit]")
    page.locator(".summary").wait_for()

    assert page.input_value("#organisation") == HOSTILE
    assert page.locator("script, img").count() == 0
    context.close()
