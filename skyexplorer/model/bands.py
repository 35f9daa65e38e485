"""Bands: where photometric filters lie, and what their magnitudes are worth, each with the paper that says so.

A magnitude is a flux density at the wavelength of its band: F = zero point · 10^(−0.4 m). Magnitudes of the AB system have
one zero point, 3631 Jy (Oke and Gunn 1983, ApJ 266, 713); those of Vega's have one for each band.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

AB = 3631.0
LIGHT = 299_792_458.0


@dataclass(frozen=True)
class Band:
    """A photometric band."""

    name: str
    wavelength: float
    """Metres."""
    zero: float
    """Flux density of magnitude 0, Jy."""
    system: str
    """``"AB"`` or ``"Vega"``."""
    reference: str

    @property
    def frequency(self) -> float:
        """Hz."""
        return LIGHT / self.wavelength


def _band(name: str, microns: float, zero: float, reference: str) -> tuple[str, Band]:
    return name, Band(name, microns * 1e-6, zero, "AB" if zero == AB else "Vega", reference)


BESSELL = "Bessell et al. 1998, A&A 333, 231, table A2"
COHEN = "Cohen et al. 2003, AJ 126, 1090"
JARRETT = "Jarrett et al. 2011, ApJ 735, 112"
FUKUGITA = "Fukugita et al. 1996, AJ 111, 1748; effective wavelengths of SDSS DR7"
TONRY = "Tonry et al. 2012, ApJ 750, 99, table 4"
MORRISSEY = "Morrissey et al. 2007, ApJS 173, 682"
# G, BP and RP: the zero points in both systems of Gaia EDR3, 25.6874, 25.3385 and 24.7479 (Vega), 25.8010, 25.3540 and
# 25.1040 (AB), with the pivot wavelengths of the same paper and its documentation.
RIELLO = "Riello et al. 2021, A&A 649, A3"

BANDS: dict[str, Band] = dict(
    (
        _band("GALEX FUV", 0.1538, AB, MORRISSEY),
        _band("GALEX NUV", 0.2316, AB, MORRISSEY),
        _band("U", 0.366, 1790.0, BESSELL),
        _band("B", 0.438, 4063.0, BESSELL),
        _band("V", 0.545, 3636.0, BESSELL),
        _band("R", 0.641, 3064.0, BESSELL),
        _band("I", 0.798, 2416.0, BESSELL),
        _band("SDSS u", 0.3551, AB, FUKUGITA),
        _band("SDSS g", 0.4686, AB, FUKUGITA),
        _band("SDSS r", 0.6166, AB, FUKUGITA),
        _band("SDSS i", 0.7480, AB, FUKUGITA),
        _band("SDSS z", 0.8932, AB, FUKUGITA),
        _band("PS1 g", 0.481, AB, TONRY),
        _band("PS1 r", 0.617, AB, TONRY),
        _band("PS1 i", 0.752, AB, TONRY),
        _band("PS1 z", 0.866, AB, TONRY),
        _band("PS1 y", 0.962, AB, TONRY),
        _band("Gaia G", 0.62179, AB * 10 ** (-0.4 * (25.8010 - 25.6874)), RIELLO),
        _band("Gaia BP", 0.51097, AB * 10 ** (-0.4 * (25.3540 - 25.3385)), RIELLO),
        _band("Gaia RP", 0.77691, AB * 10 ** (-0.4 * (25.1040 - 24.7479)), RIELLO),
        _band("2MASS J", 1.235, 1594.0, COHEN),
        _band("2MASS H", 1.662, 1024.0, COHEN),
        _band("2MASS Ks", 2.159, 666.7, COHEN),
        _band("WISE W1", 3.3526, 309.540, JARRETT),
        _band("WISE W2", 4.6028, 171.787, JARRETT),
        _band("WISE W3", 11.5608, 31.674, JARRETT),
        _band("WISE W4", 22.0883, 8.363, JARRETT),
    )
)
"""Bands by name; the zero points of Gaia's are those of Vega magnitudes, as its archive gives them."""

# Names of columns and filters, in small letters without blanks, dots, hyphens and colons.
_NAMES = {
    "GALEX FUV": "fuvmag fuv_mag fuv galexfuv",
    "GALEX NUV": "nuvmag nuv_mag nuv galexnuv",
    "U": "umag_johnson u_mag_johnson bessellu johnsonu",
    "B": "bmag b_mag magb bessellb johnsonb",
    "V": "vmag v_mag magv bessellv johnsonv",
    "R": "rcmag bessellr cousinsr johnsonr",
    "I": "icmag besselli cousinsi johnsoni",
    "SDSS u": "umag u_mag sdssu psfmag_u modelmag_u upmag",
    "SDSS g": "gmag_sdss sdssg psfmag_g modelmag_g gpmag",
    "SDSS r": "rmag_sdss sdssr psfmag_r modelmag_r rpmag_sdss",
    "SDSS i": "imag_sdss sdssi psfmag_i modelmag_i ipmag",
    "SDSS z": "zmag_sdss sdssz psfmag_z modelmag_z zpmag",
    "PS1 g": "ps1g gmeanpsfmag",
    "PS1 r": "ps1r rmeanpsfmag",
    "PS1 i": "ps1i imeanpsfmag",
    "PS1 z": "ps1z zmeanpsfmag",
    "PS1 y": "ps1y ymeanpsfmag",
    "Gaia G": "phot_g_mean_mag gaiag",
    "Gaia BP": "phot_bp_mean_mag bpmag gaiabp",
    "Gaia RP": "phot_rp_mean_mag rpmag gaiarp",
    "2MASS J": "j_m jmag 2massj",
    "2MASS H": "h_m hmag 2massh",
    "2MASS Ks": "k_m kmag ksmag ks_m 2massks 2massk magk",
    "WISE W1": "w1mpro w1mag w1",
    "WISE W2": "w2mpro w2mag w2",
    "WISE W3": "w3mpro w3mag w3",
    "WISE W4": "w4mpro w4mag w4",
}
_BLANK = re.compile(r"[\s.:-]")
_BY_NAME = {word: band for band, words in _NAMES.items() for word in words.split()} | {
    _BLANK.sub("", band.casefold()): band for band in BANDS if len(band) > 1
}
# Of g, r, i and z the system is told by what stands beside them.
_LETTER = re.compile(r"^([griz])_?mag$")
_UCDS = {
    "em.opt.u": "U", "em.opt.b": "B", "em.opt.v": "V", "em.opt.r": "R", "em.opt.i": "I",
    "em.ir.j": "2MASS J", "em.ir.h": "2MASS H", "em.ir.k": "2MASS Ks",
}  # fmt: skip
# Capital letters are Johnson's, Cousins' and 2MASS's; what else has their UCDs may be of AB magnitudes (SkyMapper's u_psf).
_CAPITAL = r"(?:(?i:flux|mag)_)?{}s?\d?(?:_?(?i:mag))?"


def named(name: str, beside: frozenset[str] = frozenset()) -> Band | None:
    """The band of a column or filter of this name, or None.

    Parameters
    ----------
    name : str
        ``"Jmag"``, ``"phot_g_mean_mag"``, ``"ps1::g"`` and the like; capitals count for ``"Gmag"``, which is Gaia's,
        ``"ymag"``, which is that of Pan-STARRS, and single letters.
    beside : frozenset of str
        The other columns: with ``"ymag"`` among them, g, r, i and z are those of Pan-STARRS.

    Examples
    --------
    >>> from skyexplorer.model.bands import named
    >>> named("w1mpro").name, named("ps1::g").system, named("Signif_Avg")
    ('WISE W1', 'AB', None)
    """
    exact = {"Gmag": "Gaia G", "ymag": "PS1 y"}.get(name, name)
    if exact in BANDS:
        return BANDS[exact]
    word = _BLANK.sub("", name.casefold())
    letter = _LETTER.match(word)
    if letter and name[0].islower():
        survey = "PS1" if "ymag" in beside else "SDSS"
        return BANDS[f"{survey} {letter[1]}"]
    if word == "umag" and not name[0].islower():
        return BANDS["U"]
    known = _BY_NAME.get(word)
    return None if known is None else BANDS[known]


def of_ucd(ucd: str) -> Band | None:
    """The band that a UCD such as ``phot.mag;em.opt.V`` tells, or None: J, H and K are taken for those of 2MASS.

    It tells where the band lies, and not the system of its magnitudes: see `johnson`.
    """
    words = {word.strip() for word in ucd.casefold().split(";")}
    return next((BANDS[band] for word, band in _UCDS.items() if word in words), None)


def johnson(name: str, ucd: str) -> Band | None:
    """The band of a UCD whose capital letter is the name of the column as well, such as ``"Rmag"``; else None.

    Examples
    --------
    >>> from skyexplorer.model.bands import johnson
    >>> johnson("Rmag", "phot.mag;em.opt.R").name, johnson("u_psf", "phot.mag;em.opt.U")
    ('R', None)
    """
    band = of_ucd(ucd)
    if band is None:
        return None
    letter = band.name.removeprefix("2MASS ")[0]
    return band if re.fullmatch(_CAPITAL.format(letter), name) else None
