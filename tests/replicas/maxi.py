"""MAXI: its page of sources, and light curves as columns without names."""

from __future__ import annotations

from tests.replicas.serving import Answer, Asked, Replica

PAGE = """<html><body><table>
<tr><th>source name</th><th>R.A., Dec</th><th>standard</th></tr>
<tr><td>Mrk 421</td><td>166.114, 38.209</td><td><a href="../star_data/J1104+382/J1104+382.html">yes</a></td></tr>
<tr><td>Cyg X-1</td><td>299.590, 35.202</td><td><a href="../star_data/J1958+352/J1958+352.html">yes</a></td></tr>
<tr><td>Gone</td><td>20.0, 20.0</td><td><a href="../star_data/J0120+200/J0120+200.html">yes</a></td></tr>
<tr><td>No Standard Product</td><td>1.0, 2.0</td><td>--</td></tr>
</table></body></html>"""
DAYS = 30


class Maxi(Replica):
    """The list and two light curves; programs that do not say who they are, are refused."""

    def answer(self, asked: Asked) -> Answer:
        if asked.headers.get("User-Agent", "").startswith("python-requests"):
            return Answer(b"forbidden", 403)
        if asked.path == "/top/slist.html":
            return Answer(PAGE.encode(), kind="text/html")
        if asked.path in (
            "/star_data/J1104+382/J1104+382_g_lc_1day_all.dat",
            "/star_data/J1958+352/J1958+352_g_lc_1day_all.dat",
        ):
            lines = [
                f"{55058.5 + day:.6f} {0.03 + 0.001 * day:.6f} 0.004 0.010 0.002 0.012 0.002 0.005 0.003"
                for day in range(DAYS)
            ]
            return Answer(("# MAXI/GSC\n" + "\n".join(lines) + "\n").encode())
        return Answer(b"not found", 404)
