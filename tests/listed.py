"""A small edition of the OFAC list: real rows of 2024-05-03, which are public domain."""

from datetime import date
from io import StringIO

from partnerdesk.adapters.lists import NativeFiles, built, read
from partnerdesk.domain.matching import Matcher
from partnerdesk.domain.watchlist import Watchlist

PUBLISHED = date(2024, 5, 3)
END = "\x1a"

SDN = """\
36,"AEROCARIBBEAN AIRLINES",-0-,"CUBA",-0-,-0-,-0-,-0-,-0-,-0-,-0-,-0-
306,"BANCO NACIONAL DE CUBA",-0-,"CUBA",-0-,-0-,-0-,-0-,-0-,-0-,-0-,"a.k.a. 'BNC'."
17018,"PUBLIC JOINT STOCK COMPANY SBERBANK OF RUSSIA",-0-,"UKRAINE-EO13662] [RUSSIA-EO14024",-0-,\
-0-,-0-,-0-,-0-,-0-,-0-,"Listing Date (EO 14024 Direct"
25578,"BANK MELLI IRAN",-0-,"IRAN] [SDGT] [IFSR",-0-,-0-,-0-,-0-,-0-,-0-,-0-,"Website \
www.bmi.ir; All Offices Worldwide; a.k.a. 'BMI'."
33834,"FU YUAN YU 7622","vessel","GLOMAG",-0-,-0-,"Fishing Vessel",-0-,-0-,"China",-0-,\
"Vessel Registration Identification IMO 9914591."
34982,"KINAHAN, Daniel Joseph","individual","TCO",-0-,-0-,-0-,-0-,-0-,-0-,-0-,"DOB 25 Jun \
1977; alt. DOB 26 May 1979; POB Dublin, Ireland; nationality Ireland; alt. citizen United Kingdom; \
Gender Male; Passport PB1642995 (Ireland); alt. Passport PW1900911 (Ireland)."
34980,"KINAHAN, Christopher Vincent","individual","TCO",-0-,-0-,-0-,-0-,-0-,-0-,-0-,"DOB \
circa 1957; nationality Ireland; Gender Male; a.k.a. 'O'BRIEN, Christopher'; a.k.a. 'THE DAPPER \
DON'; Linked To: KINAHAN ORGANIZED CRIME GROUP."
35096,"PUTIN, Vladimir Vladimirovich","individual","RUSSIA-EO14024","President",-0-,-0-,-0-,\
-0-,-0-,-0-,"DOB 07 Oct 1952; POB Leningrad, Russia; nationality Russia; Gender Male."
41216,"SHAHSAVARI, Habib","individual","IRAN",-0-,-0-,-0-,-0-,-0-,-0-,-0-,"DOB 1963 to \
1965; nationality Iran; Gender Male."
"""

ALT = """\
36,12,"aka","AERO-CARIBBEAN",-0-
306,220,"aka","NATIONAL BANK OF CUBA",-0-
17018,26102,"aka","SBERBANK ROSSII",-0-
17018,26103,"fka","SBERBANK ROSSII OAO",-0-
25578,40205,"aka","BANK MELLI",-0-
35096,55207,"aka","PUTIN, Vladimir",-0-
"""

ADD = """\
36,25,-0-,"Havana","Cuba",-0-
306,199,"Zweierstrasse 35","Zurich CH-8022","Switzerland",-0-
17018,52487,"19 ul. Vavilova","Moscow 117312","Russia",-0-
25578,38680,"Ferdowsi Avenue - PO Box 11365-171","Tehran","Iran",-0-
35096,52704,"Kremlin","Moscow","Russia",-0-
"""

COMMENTS = """\
17018,"ive 3): 24 Feb 2022; Tax ID No. 7707083893 (Russia); a.k.a. 'SBERBANK INDIA'."
"""


def text(rows):
    return (rows.replace("-0-", "-0- ").replace("\n", "\r\n") + END).encode()


def native(*, published=PUBLISHED, **changed):
    """The four files as an import finds them; `sdn=None` leaves one out."""
    rows = {"sdn": SDN, "alt": ALT, "add": ADD, "sdn_comments": COMMENTS} | changed
    files = {
        f"{name}.csv": each if isinstance(each, bytes) else text(each)
        for name, each in rows.items()
        if each is not None
    }
    return NativeFiles(files, published)


def edition(**changed):
    return read(native(**changed))


def index(**changed):
    return built(edition(**changed))


def matcher(**changed):
    return Matcher(Watchlist(index(**changed)))


def without(rows, number):
    """The rows of a file that are not about an entity."""
    return "".join(line for line in StringIO(rows) if not line.startswith(f"{number},"))
