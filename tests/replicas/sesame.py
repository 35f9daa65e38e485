"""Sesame on loopback: ``/nph-sesame/-oxp/SNV?name``, XML as the service writes it (version 4 of its schema)."""

from __future__ import annotations

from urllib.parse import unquote_plus

from tests.replicas.serving import Answer, Asked, Replica

HEAD = (
    '<?xml version="1.0" encoding="UTF-8" standalone="no"?>\n'
    '<Sesame xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
    'xsi:noNamespaceSchemaLocation="http://vizier.example/xml/sesame_4x.xsd">\n'
)
# Name: resolver, position, type, main name, redshift. SIMBAD does not know the last, NED and VizieR do.
KNOWN = {
    "m 87": ("S=Simbad (CDS, via client/server)", 187.70593075958, 12.39112329392, "AGN", "M  87", 0.00428),
    "txs 0506+056": ("S=Simbad (CDS, via client/server)", 77.358185, 5.693148, "BLL", "TXS 0506+056", 0.336),
    "gama 7": ("N=NED", 129.0, -0.5, "G", "GAMA 000007", None),
}
NOTHING = "<INFO>*** Nothing found *** </INFO>"


class Sesame(Replica):
    """``down``: the resolvers that do not answer it, by their first letter."""

    def __init__(self) -> None:
        super().__init__()
        self.down: set[str] = set()
        self.doctype = False

    def answer(self, asked: Asked) -> Answer:
        parts = asked.path.strip("/").split("/")
        assert parts[0] == "nph-sesame"
        assert parts[1] == "-oxp"
        assert parts[2] == "SNV"
        name = unquote_plus(asked.raw_query)
        body = [f'<Target option="SNV">\n  <name>{name}</name>\n  <!-- Q1 #1 -->']
        for resolver in ("S=Simbad (CDS, via client/server)", "N=NED", "V=VizieR (CDS)"):
            if resolver[0] in self.down:
                body.append(f'  <Resolver name="{resolver}"><ERROR>timed out after 8s</ERROR></Resolver>')
                continue
            own = KNOWN.get(" ".join(name.lower().split()))
            if own is None or own[0][0] != resolver[0]:
                body.append(f'  <Resolver name="{resolver}">{NOTHING}</Resolver>')
                continue
            _, ra, dec, kind, main, z = own
            redshift = f"<z><v>{z}</v><e>1e-5</e><q>A</q></z>" if z is not None else ""
            body.append(
                f'  <Resolver name="{resolver}"><!-- delay: 2ms [1] -->\n     <otype>{kind}</otype>\n'
                f"     <jpos>12:30:49.42 +12:23:28.0</jpos>\n     <jradeg>{ra}</jradeg>\n     <jdedeg>{dec:+}</jdedeg>\n"
                f"     <refPos>2004AJ....127.3587F</refPos>{redshift}\n     <oname>{main}</oname>\n  </Resolver>"
            )
            break
        doctype = '<!DOCTYPE Sesame SYSTEM "http://vizier.example/xml/sesame.dtd">\n' if self.doctype else ""
        head = HEAD.replace("?>\n", f"?>\n{doctype}", 1)
        return Answer(f"{head}{chr(10).join(body)}\n</Target>\n</Sesame>\n".encode())
