"""Publications that an analysis rests on, cited where the results have its rows."""

from __future__ import annotations

from collections.abc import Mapping

from analysis.reporting.book import Book
from analysis.reporting.document import Doi, Text, text

SOURCES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "adjusted": (
        (
            "Graubard BI, Korn EL. Predictive margins with survey data. Biometrics "
            "1999;55:652–659. ",
            "10.1111/j.0006-341x.1999.00652.x",
        ),
        (
            "Bieler GS, Brown GG, Williams RL, Brogan DJ. Estimating model-adjusted risks, risk "
            "differences, and risk ratios from complex survey data. American Journal of "
            "Epidemiology 2010;171:618–623. ",
            "10.1093/aje/kwp440",
        ),
    ),
    "interaction": (
        (
            "Knol MJ, VanderWeele TJ, Groenwold RHH, et al. Estimating measures of interaction on "
            "an additive scale for preventive exposures. European Journal of Epidemiology "
            "2011;26:433–438. ",
            "10.1007/s10654-011-9554-9",
        ),
        (
            "Hosmer DW, Lemeshow S. Confidence interval estimation of interaction. Epidemiology "
            "1992;3:452–456.",
            "",
        ),
        (
            "Korn EL, Graubard BI. Simultaneous testing of regression coefficients with complex "
            "survey data: use of Bonferroni t statistics. The American Statistician "
            "1990;44:270–276.",
            "",
        ),
    ),
    "stratum": (
        (
            "Knol MJ, VanderWeele TJ. Recommendations for presenting analyses of effect "
            "modification and interaction. International Journal of Epidemiology "
            "2012;41:514–520. ",
            "10.1093/ije/dyr218",
        ),
    ),
    "slope": (
        (
            "Johnson PO, Neyman J. Tests of certain linear hypotheses and their application to "
            "some educational problems. Statistical Research Memoirs 1936;1:57–93.",
            "",
        ),
        (
            "Bauer DJ, Curran PJ. Probing interactions in fixed and multilevel regression: "
            "inferential and graphical techniques. Multivariate Behavioral Research "
            "2005;40:373–400. ",
            "10.1207/s15327906mbr4003_5",
        ),
    ),
    "specification": (
        (
            "Simonsohn U, Simmons JP, Nelson LD. Specification curve analysis. Nature Human "
            "Behaviour 2020;4:1208–1214. ",
            "10.1038/s41562-020-0912-z",
        ),
        (
            "Steegen S, Tuerlinckx F, Gelman A, Vanpaemel W. Increasing transparency through a "
            "multiverse analysis. Perspectives on Psychological Science 2016;11:702–712. ",
            "10.1177/1745691616658637",
        ),
    ),
    "e_value": (
        (
            "VanderWeele TJ, Ding P. Sensitivity analysis in observational research: introducing "
            "the E-value. Annals of Internal Medicine 2017;167:268–274. ",
            "10.7326/M16-2607",
        ),
    ),
    "negative_control": (
        (
            "Lipsitch M, Tchetgen Tchetgen E, Cohen T. Negative controls: a tool for detecting "
            "confounding and bias in observational studies. Epidemiology 2010;21:383–388. ",
            "10.1097/EDE.0b013e3181d61eeb",
        ),
    ),
    "imputed": (
        (
            "Rubin DB. Multiple Imputation for Nonresponse in Surveys. Wiley, 1987. ",
            "10.1002/9780470316696",
        ),
        (
            "Barnard J, Rubin DB. Small-sample degrees of freedom with multiple imputation. "
            "Biometrika 1999;86:948–955. ",
            "10.1093/biomet/86.4.948",
        ),
        (
            "Reiter JP, Raghunathan TE, Kinney SK. The importance of modeling the sampling design "
            "in multiple imputation for missing data. Survey Methodology 2006;32:143–149.",
            "",
        ),
        (
            "van Buuren S. Flexible Imputation of Missing Data, 2nd edition. Chapman & Hall/CRC, "
            "2018. ",
            "10.1201/9780429492259",
        ),
        (
            "von Hippel PT. How many imputations do you need? A two-stage calculation using a "
            "quadratic rule. Sociological Methods & Research 2020;49:699–718. ",
            "10.1177/0049124117747303",
        ),
    ),
}
"""Citation and DOI (empty where there is none), by the analysis that uses them."""


CHECKLIST = (
    (
        "von Elm E, Altman DG, Egger M, et al. The Strengthening the Reporting of Observational "
        "Studies in Epidemiology (STROBE) statement: guidelines for reporting observational "
        "studies. PLoS Medicine 2007;4:e296. ",
        "10.1371/journal.pmed.0040296",
    ),
    (
        "Lachat C, Hawwash D, Ocké MC, et al. Strengthening the Reporting of Observational Studies "
        "in Epidemiology – Nutritional Epidemiology (STROBE-nut): an extension of the STROBE "
        "statement. PLoS Medicine 2016;13:e1002036. ",
        "10.1371/journal.pmed.1002036",
    ),
)
"""The statements that the reporting checklist is filled from."""


def references(book: Book) -> list[Text]:
    """Cite what the analyses that have rows and the checklist rest on, each publication once."""
    used = [sources for analysis, sources in SOURCES.items() if book.has(analysis)]
    cited = dict.fromkeys(source for sources in (*used, CHECKLIST) for source in sources)
    return [text(citation, Doi(doi)) if doi else text(citation) for citation, doi in cited]
