"""DaCHS' descriptors of the services: cones, images, cut-outs, light curves, spectra, DataLink; and our own registry."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from tests.vo.content import Content

SMALL = 50  # rows: what the cone service with a small limit gives


def _cone(name: str, table: str, title: str, limit: str = "") -> str:
    return f"""
<service id="{name}" allowed="scs.xml,form"><meta name="shortName">{name}</meta><meta name="title">{title}</meta>
<meta name="testQuery"><meta name="ra">83.6331</meta><meta name="dec">22.0145</meta><meta name="sr">1</meta></meta>
<publish render="scs.xml" sets="ivo_managed"/>
<scsCore queriedTable="{table}"{limit}><FEED source="//scs#coreDescs"/></scsCore></service>"""


IMAGES = """
<table id="images" onDisk="True" adql="True" mixin="//siap#pgs"><meta name="description">Images</meta>
<meta name="_associatedDatalinkService"><meta name="serviceId">image_links</meta><meta name="idColumn">pub_did</meta></meta>
<mixin calibLevel="2" collectionName="'loopback images'" targetName="object" expTime="exptime"
 productType="'image'">//obscore#publishSIAP</mixin>
<column name="object" type="text" ucd="meta.id;src" description="target"/>
<column name="exptime" unit="s" ucd="time.duration;obs.exposure" description="exposure"/>
<column name="pub_did" type="text" ucd="meta.ref.uri;meta.curation" description="publisher DID"/>
</table>
<data id="import_images"><sources pattern="data/image*.fits"/><fitsProdGrammar>
<rowfilter procDef="//products#define"><bind key="table">"sky.images"</bind></rowfilter></fitsProdGrammar>
<make table="images"><rowmaker><apply procDef="//siap#setMeta"><bind key="dateObs">@DATE_OBS</bind>
<bind key="bandpassId">"Gamma"</bind><bind key="bandpassUnit">"m"</bind><bind key="bandpassLo">1e-18</bind>
<bind key="bandpassHi">1e-16</bind><bind key="bandpassRefval">1e-17</bind><bind key="pixflags">"C"</bind>
<bind key="title">"Image of "+@OBJECT</bind></apply>
<apply procDef="//siap#computePGS"/><map key="object">@OBJECT</map><map key="exptime">@EXPTIME</map>
<map key="pub_did">\\standardPubDID</map></rowmaker></make></data>
<service id="sia" allowed="siap.xml,form"><meta name="shortName">images</meta><meta name="title">Loopback images</meta>
<meta name="sia.type">Pointed</meta><meta name="testQuery.pos.ra">83.6</meta><meta name="testQuery.pos.dec">22</meta>
<meta name="testQuery.size.ra">0.1</meta><meta name="testQuery.size.dec">0.1</meta>
<publish render="siap.xml" sets="ivo_managed"/><dbCore queriedTable="images">
<condDesc original="//siap#protoInput"/><condDesc original="//siap#humanInput"/></dbCore></service>
<service id="image_links" allowed="dlmeta,dlget"><meta name="title">Links of an image</meta><datalinkCore>
<descriptorGenerator procDef="//soda#fits_genDesc"/><FEED source="//soda#fits_standardDLFuncs"/></datalinkCore></service>
"""


def _ssa(name: str, files: str, dstype: str, collection: str, links: str) -> str:
    return f"""
<table id="raw_{name}" onDisk="True" adql="hidden" namePath="//ssap#instance">
<LOOP listItems="ssa_specstart ssa_specend ssa_dateObs ssa_dstitle ssa_targname ssa_length ssa_timeExt"><events>
<column original="\\item"/></events></LOOP>
<mixin>//products#table</mixin><mixin>//ssap#plainlocation</mixin><mixin>//ssap#simpleCoverage</mixin></table>
<data id="import_{name}"><recreateAfter>view_{name}</recreateAfter><sources pattern="data/{files}*.vot"/>
<embeddedGrammar><iterator><code>
import json
with open(self.sourceToken[:-3]+"json") as beside:
	yield json.load(beside)
</code></iterator><rowfilter procDef="//products#define"><bind key="table">"sky.raw_{name}"</bind>
<bind key="mime">"application/x-votable+xml"</bind><bind key="datalink">"sky/q#links_{name}"</bind></rowfilter>
</embeddedGrammar>
<make table="raw_{name}"><rowmaker idmaps="*"><apply procDef="//ssap#fill-plainlocation"><bind key="ra">@ra</bind>
<bind key="dec">@dec</bind><bind key="aperture">0.1</bind></apply>
<map key="ssa_dateObs">@start</map><map key="ssa_dstitle">"{collection} of "+@name</map>
<map key="ssa_targname">@name</map><map key="ssa_specstart">1e-18</map><map key="ssa_specend">1e-16</map>
<map key="ssa_length">@length</map><map key="ssa_timeExt">@extent*86400</map></rowmaker></make></data>
<table id="{name}" onDisk="True" adql="True"><meta name="description">{collection}</meta>
<meta name="_associatedDatalinkService"><meta name="serviceId">links_{name}</meta>
<meta name="idColumn">ssa_pubDID</meta></meta>
<mixin sourcetable="raw_{name}" copiedcolumns="*" ssa_aperture="0.1" ssa_fluxunit="''" ssa_spectralunit="'m'"
 ssa_bandpass="'Gamma-ray'" ssa_collection="'loopback {name}'" ssa_fluxcalib="'ABSOLUTE'" ssa_fluxucd="'phot.flux;em.gamma'"
 ssa_speccalib="'ABSOLUTE'" ssa_spectralucd="'em.wl'" ssa_targclass="'AGN'" ssa_dstype="'{dstype}'">//ssap#view</mixin>
<mixin calibLevel="2" coverage="ssa_region" oUCD="ssa_fluxucd" emUCD="ssa_spectralucd" sResolution="0.1"
 >//obscore#publishSSAPMIXC</mixin></table>
<data id="view_{name}" auto="False"><make table="{name}"/></data>
<service id="links_{name}" allowed="dlmeta,dlget"><meta name="title">Links of {collection}</meta><datalinkCore>
<descriptorGenerator procDef="//soda#fromStandardPubDID"><bind key="accrefPrefix">"sky/data"</bind></descriptorGenerator>
{links}</datalinkCore></service>
<service id="ssa_{name}" allowed="ssap.xml,form"><meta name="shortName">{name}</meta><meta name="title">{collection}</meta>
<meta name="ssap.complianceLevel">full</meta>
<publish render="ssap.xml" sets="ivo_managed"/><ssapCore queriedTable="{name}"><FEED source="//ssap#hcd_condDescs"/>
</ssapCore></service>"""


# One link that can be followed, and one that says why there is nothing: an error row.
_LINKS = """<metaMaker semantics="#preview"><code>
yield descriptor.makeLink("\\internallink{sky/q/sia/info}", contentType="text/html", description="About the images")
</code></metaMaker>
<metaMaker semantics="#progenitor"><code>
yield DatalinkFault.NotFoundFault(descriptor.pubDID, "The progenitor is lost.", semantics="#progenitor")
</code></metaMaker>
"""

SERVICES = (
    _cone("fermi", "fermilpsc", "Loopback cone of Fermi sources")
    + _cone("ice", "icecat", "Loopback cone of neutrino alerts")
    + _cone("few", "fermilpsc", f"Loopback cone that gives {SMALL} rows", f' limit="{SMALL}"')
    + IMAGES
    + '<meta name="ssap.dataSource">survey</meta><meta name="ssap.creationType">archival</meta>'
    + '<meta name="ssap.testQuery">MAXREC=1</meta>'
    + _ssa("curves", "series", "timeseries", "Light curve", _LINKS)
    + _ssa("spectra", "spectrum", "spectrum", "Spectrum", "")
)


# The registry: RegTAP 1.1, with the tables that pyvo asks

TEXT = "text"
REGISTRY = {
    "resource": "ivoid res_type created short_name res_title updated content_level res_description reference_url "
    "creator_seq content_type source_format source_value res_version region_of_regard:real waveband rights rights_uri "
    "harvested_from",
    "capability": "ivoid cap_index:smallint cap_type cap_description standard_id",
    "interface": "ivoid cap_index:smallint intf_index:smallint intf_type intf_role std_version query_type result_type "
    "wsdl_url url_use access_url mirror_url authenticated_only:smallint",
    "res_subject": "ivoid res_subject",
    "res_role": "ivoid role_name role_ivoid street_address email telephone logo base_role",
    "alt_identifier": "ivoid alt_identifier",
    "res_detail": "ivoid cap_index:smallint detail_xpath detail_value",
    "res_date": "ivoid date_value value_role",
    "validation": "ivoid validated_by val_level:smallint cap_index:smallint",
    "relationship": "ivoid relationship_type related_id related_name",
    "res_schema": "ivoid schema_index:smallint schema_description schema_name schema_title schema_utype",
    "res_table": "ivoid schema_index:smallint table_description table_name table_index:smallint table_title table_type "
    "table_utype nrows:bigint",
    "table_column": "ivoid table_index:smallint name ucd unit utype std:smallint datatype extended_schema extended_type "
    "arraysize delim type_system flag column_description",
    "stc_spatial": "ivoid coverage:smoc ref_system_name",
    "stc_temporal": "ivoid time_start:double+precision time_end:double+precision",
    "stc_spectral": "ivoid spectral_start:double+precision spectral_end:double+precision",
}
AUTHORITY = "ivo://loopback.test/"


def resources(url: str) -> list[dict[str, Any]]:
    """What the registry lists: name, title, standard, address, band, table, and what of the sky it covers."""
    tap = f"{url}/tap"
    std = "ivo://ivoa.net/std/"
    cone, sia, ssa = f"{std}conesearch", f"{std}sia", f"{std}ssa"

    def one(name: str, title: str, standard: str, address: str, **more: Any) -> dict[str, Any]:
        facts = {
            "bands": "gamma-ray",
            "table": "",
            "moc": "0/0-11",
            "words": "gamma-ray-astronomy",
            "models": (),
        }
        return {**facts, "name": name, "title": title, "standard": standard, "address": address, **more}

    return [
        one("sky/q/fermi", "Fermi LAT sources, a cone search", cone, f"{url}/sky/q/fermi/scs.xml?", table="fermilpsc"),
        one("sky/q/ice", "IceCube neutrino alerts, a cone search", cone, f"{url}/sky/q/ice/scs.xml?", table="icecat",
            bands="", words="neutrinos", moc="1/0-40"),
        one("sky/q/sia", "Images of gamma-ray sources", sia, f"{url}/sky/q/sia/siap.xml?"),
        one("sia2", "All images of the loopback VO", f"{std}sia#query-2.0", f"{url}/__system__/siap2/sitewide/siap2.xml?"),
        one("sky/q/ssa_curves", "Light curves of gamma-ray sources", ssa, f"{url}/sky/q/ssa_curves/ssap.xml?",
            words="light-curves"),
        one("sky/q/ssa_spectra", "Spectra of gamma-ray sources", ssa, f"{url}/sky/q/ssa_spectra/ssap.xml?"),
        one("tap", "TAP service of the loopback VO", f"{std}tap", tap, bands="gamma-ray#infrared#optical",
            models=("ivo://ivoa.net/std/ObsCore#core-1.1", "ivo://ivoa.net/std/RegTAP#1.1")),
        one("obscore", "Observations of the loopback VO", f"{std}tap#aux", tap, table="obscore",
            models=("ivo://ivoa.net/std/ObsCore#core-1.1",)),
        one("glade", "GLADE galaxies", f"{std}tap#aux", tap, table="gladep", bands="optical#infrared", words="galaxies"),
        one("gaia", "Stars of a made Gaia", f"{std}tap#aux", tap, table="gaia_source", bands="optical", words="stars"),
        # It is registered, and is not there any more.
        one("gone", "A service that has moved away", cone, f"{url}/gone/scs.xml?", bands="radio", words="lost"),
        # It says what makes no page of ours: foreign text is text.
        one("odd", "<b>Bold & \"quoted\"</b> <script>alert(1)</script>", cone, f"{url}/sky/q/fermi/scs.xml?", bands="X-ray",
            words="x-ray-sources"),
    ]  # fmt: skip


def registry_rows(url: str, tables: Sequence[Content]) -> dict[str, list[dict[str, Any]]]:
    """Rows of the registry's tables, as the standard wants them: identifiers and codes in lower case."""
    known = {table.name: table for table in tables}
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in REGISTRY}
    for index, one in enumerate(resources(url)):
        ivoid = AUTHORITY + one["name"]
        kind = "vs:catalogresource" if one["standard"].endswith("#aux") else "vs:catalogservice"
        when = f"2026-11-{index + 1:02d}T00:00:00"
        rows["resource"].append({
            "ivoid": ivoid, "res_type": kind, "created": when, "updated": when, "short_name": one["name"][-16:],
            "res_title": one["title"], "content_level": "research", "res_description": f"{one['title']}. For tests.",
            "reference_url": f"{url}/__system__/dc_tables/show/tableinfo", "creator_seq": "Tester, A.",
            "content_type": "catalog", "waveband": one["bands"].lower(),
        })  # fmt: skip
        rows["capability"].append({"ivoid": ivoid, "cap_index": 1, "standard_id": one["standard"].lower()})
        rows["interface"].append({
            "ivoid": ivoid, "cap_index": 1, "intf_index": 1, "intf_type": "vs:paramhttp", "intf_role": "std",
            "std_version": "2.0" if "2.0" in one["standard"] else "1.1", "query_type": "get", "url_use": "base",
            "access_url": one["address"], "authenticated_only": 0,
        })  # fmt: skip
        rows["res_subject"].append({"ivoid": ivoid, "res_subject": one["words"]})
        rows["res_role"].append({"ivoid": ivoid, "role_name": "Tester, A.", "base_role": "creator"})
        rows["stc_spatial"].append({"ivoid": ivoid, "coverage": one["moc"]})
        rows["stc_temporal"].append({"ivoid": ivoid, "time_start": 54682, "time_end": 60000})
        rows["stc_spectral"].append({"ivoid": ivoid, "spectral_start": 1e-15, "spectral_end": 1e-8})
        for model in one["models"]:
            detail = {"ivoid": ivoid, "cap_index": 1, "detail_xpath": "/capability/dataModel/@ivo-id"}
            rows["res_detail"].append({**detail, "detail_value": model})
        if one["table"] == "obscore":
            rows["res_table"].append({
                "ivoid": ivoid, "schema_index": 1, "table_index": 1, "table_name": "ivoa.obscore", "table_type": "table",
                "table_utype": "ivo://ivoa.net/std/obscore#table-1.1", "table_description": "Observations", "nrows": 30,
            })  # fmt: skip
        elif one["table"]:
            table = known[one["table"]]
            rows["res_table"].append({
                "ivoid": ivoid, "schema_index": 1, "table_index": 1, "table_name": f"{table.schema}.{table.name}",
                "table_type": "table", "table_description": table.title, "nrows": len(table.rows) or None,
            })  # fmt: skip
            for column in table.columns:
                rows["table_column"].append({
                    "ivoid": ivoid, "table_index": 1, "name": column.name, "ucd": column.ucd, "unit": column.unit,
                    "std": 1, "datatype": "char" if column.type == "text" else "double",
                    "column_description": f"{column.name} of {table.title}",
                })  # fmt: skip
    return rows


def write_registry(folder: Path, url: str, tables: Sequence[Content]) -> None:
    """The registry as a descriptor of schema rr, and its rows."""
    from tests.vo.content import META, Column

    data = folder / "data"
    data.mkdir(parents=True)
    rows = registry_rows(url, tables)
    parts = [f'<resource schema="rr" resdir="rr">{META.format(title="registry")}']
    for name, words in REGISTRY.items():
        pairs = [[*word.split(":"), TEXT][:2] for word in words.split()]
        columns = [Column(column, kind.replace("+", " ")) for column, kind in pairs]
        with (data / f"{name}.csv").open("w", newline="") as file:
            writer = csv.writer(file)
            for row in rows[name]:
                writer.writerow(["" if (v := row.get(column.name)) is None else v for column in columns])
        fill = f"COPY rr.{name} FROM '{data}/{name}.csv' CSV"
        parts.append(
            f'<table id="{name}" onDisk="True" adql="True"><meta name="description">{name}</meta>'
            + "".join(column.xml() for column in columns)
            + f'</table><data id="import_{name}"><make table="{name}"><script type="preIndex" lang="SQL" name="fill">'
            + f"{escape(fill)}</script></make></data>"
        )
    (folder / "q.rd").write_text("\n".join([*parts, "</resource>"]))
