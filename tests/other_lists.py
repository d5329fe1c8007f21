"""Small editions of the lists beside OFAC's: real public-domain rows, and an invented UN file."""

import csv
import io

from partnerdesk.adapters.csl import HEADER

DPL_HEADER = (
    '"Name"\t"Street_Address"\t"City"\t"State"\t"Country"\t"Postal_Code"\t"Effective_Date"\t'
    '"Expiration_Date"\t"Standard_Order"\t"Last_Update"\t"Action"\t"FR_Citation"\n'
)
DPL = (
    DPL_HEADER
    + """\
" I. ASH"\t"FCI SEAGOVILLE"\t"SEAGOVILLE"\t"TX"\t"US"\t"75159"\t"06/19/2003"\t"06/29/2056"\t"Y"\t\
"2007-01-31"\t"FEDERAL REGISTER NOTICE UPDATED"\t"68 F.R. 38290 6/27/03"
"ABDULAMIR MAHDI"\t"20 HUNTINGWOOD DRIVE"\t"SCARBOROUGH, ONTARIO"\t""\t"CA"\t"M1W1A2"\t\
"10/03/2003"\t"10/03/2023"\t"N"\t"2003-10-06"\t"NON STANDARD DENIAL"\t"68 F.R. 57406 10/3/03"
"ABDULAH AL NASSER"\t"605 TRAIL LAKE DRIVE"\t"RICHARDSON"\t"TX"\t"US"\t"75081"\t"03/04/2002"\t\
"06/29/2026"\t"Y"\t"2006-07-11"\t"50 YEAR DENIAL"\t"67 F.R. 56530 9/4/02"
"ABDULAH AL NASSER "\t"908 AUDELIA ROAD"\t"RICHARDSON"\t"TX"\t"US"\t"75081"\t"03/04/2003"\t\
"06/29/2056"\t"Y"\t"2006-07-11"\t"50 YEAR DENIAL"\t"67 F.R. 56530 9/4/02"
"ALI M HIJAZI"\t""\t"GENEVA"\t""\t"CH"\t""\t"09/01/1981"\t""\t"Y"\t"2000-04-05"\t""\t\
"46 F.R. 44803 9/8/81"
"""
)

BIS = "Bureau of Industry and Security"
SDN = "Specially Designated Nationals (SDN) - Treasury Department"


def csl(*rows, columns=HEADER):
    """A file of these rows, what they do not say left empty."""
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


AVIATION = {
    "source": f"Entity List (EL) - {BIS}",
    "name": "3K Aviation Consulting and Logistics",
    "addresses": "Biniciler Apt. No. 18/5, Sirinyali Mah. 07160, Antalya, TR; Sonmez, Antalya, TR",
}
CSL_2019 = csl(
    AVIATION
    | {
        "federal_register_notice": "83 FR 44824",
        "start_date": "2018-09-04",
        "license_requirement": "For all items subject to the EAR.",
        "license_policy": "Presumption of denial.",
        "alt_names": "3K Havacilik LTD. STI.; and Antalya Havacilik",
    },
    AVIATION | {"federal_register_notice": "84 FR 1", "start_date": "2019-01-02"},
    {
        "source": SDN,
        "entity_number": "36",
        "type": "Entity",
        "programs": "CUBA",
        "name": "AEROCARIBBEAN AIRLINES",
        "addresses": "Havana, CU",
        "alt_names": "AERO-CARIBBEAN",
        "ids": "CU, 80-0890696, Tax ID No.",
    },
    {
        "source": SDN,
        "entity_number": "9001",
        "type": "Vessel",
        "name": "CHON MA SAN",
        "vessel_flag": "KP",
        "ids": "IMO 8660313, Vessel Registration Identification; http://www.90zavod.ru, Website; "
        "Male, Gender",
    },
)
CSL_2025 = csl(
    {
        "_id": "233a4d72",
        "source": "Nonproliferation Sanctions (ISN) - State Department",
        "programs": "INKSNA",
        "name": "Sinobright Import and Export Company; and any successor, sub-unit, or subsidiary",
    },
    {
        "_id": "52291",
        "source": SDN,
        "entity_number": "52291",
        "type": "Individual",
        "name": "RIM, Ryong Nam",
        "addresses": "Shenyang, CN; Pyongyang, KP",
        "dates_of_birth": "circa 1978; 1978-12-05; unknown",
        "nationalities": "KP",
        "places_of_birth": "Chongju, North Korea",
        "ids": "Passport, 836238033, KP; Gender, Male; Email Address, a@example.org",
    },
    columns=("_id", *HEADER),
)

UN = """\
<?xml version="1.0" encoding="UTF-8"?>
<CONSOLIDATED_LIST dateGenerated="2026-11-01T00:00:00.000Z">
<INDIVIDUALS>
<INDIVIDUAL><DATAID>900001</DATAID><FIRST_NAME>YERLAN</FIRST_NAME><SECOND_NAME>BOLATOV\
</SECOND_NAME><THIRD_NAME>QARAQSHA</THIRD_NAME><UN_LIST_TYPE>Example</UN_LIST_TYPE>
<REFERENCE_NUMBER>EXi.001</REFERENCE_NUMBER><LISTED_ON>2020-03-04</LISTED_ON><GENDER>Male</GENDER>
<NAME_ORIGINAL_SCRIPT>Ерлан Болатов</NAME_ORIGINAL_SCRIPT><COMMENTS1>An  invented person.\
</COMMENTS1><NATIONALITY><VALUE>Kazakhstan</VALUE></NATIONALITY>
<INDIVIDUAL_ALIAS><QUALITY>Good</QUALITY><ALIAS_NAME>Erlan Bolat; Yerlan Karaksha</ALIAS_NAME>\
</INDIVIDUAL_ALIAS>
<INDIVIDUAL_ALIAS><QUALITY>Low</QUALITY><ALIAS_NAME>Abu Qaraqsha</ALIAS_NAME></INDIVIDUAL_ALIAS>
<INDIVIDUAL_ALIAS><QUALITY/><ALIAS_NAME/></INDIVIDUAL_ALIAS>
<INDIVIDUAL_ADDRESS><CITY>Almaty</CITY><COUNTRY>Kazakhstan</COUNTRY></INDIVIDUAL_ADDRESS>
<INDIVIDUAL_DATE_OF_BIRTH><TYPE_OF_DATE>EXACT</TYPE_OF_DATE><DATE>1971-02-03</DATE>\
</INDIVIDUAL_DATE_OF_BIRTH>
<INDIVIDUAL_DATE_OF_BIRTH><TYPE_OF_DATE>BETWEEN</TYPE_OF_DATE><FROM_YEAR>1970</FROM_YEAR>\
<TO_YEAR>1972</TO_YEAR></INDIVIDUAL_DATE_OF_BIRTH>
<INDIVIDUAL_PLACE_OF_BIRTH><CITY>Osh</CITY><COUNTRY>Kyrgyzstan</COUNTRY>\
</INDIVIDUAL_PLACE_OF_BIRTH>
<INDIVIDUAL_DOCUMENT><TYPE_OF_DOCUMENT>Passport</TYPE_OF_DOCUMENT><NUMBER>N-01 234567</NUMBER>\
<ISSUING_COUNTRY>Kazakhstan</ISSUING_COUNTRY></INDIVIDUAL_DOCUMENT>
<INDIVIDUAL_DOCUMENT><NUMBER>unknown</NUMBER></INDIVIDUAL_DOCUMENT>
<INDIVIDUAL_DOCUMENT><NUMBER>77</NUMBER></INDIVIDUAL_DOCUMENT>
</INDIVIDUAL>
</INDIVIDUALS>
<ENTITIES>
<ENTITY><DATAID>900002</DATAID><FIRST_NAME>QARAQSHA RELIEF FOUNDATION</FIRST_NAME>
<ENTITY_ALIAS><QUALITY>f.k.a.</QUALITY><ALIAS_NAME>Qaraqsha Charity</ALIAS_NAME></ENTITY_ALIAS>
<ENTITY_ADDRESS><CITY>Almaty</CITY><COUNTRY>Kazakhstan</COUNTRY></ENTITY_ADDRESS></ENTITY>
</ENTITIES>
</CONSOLIDATED_LIST>
"""
