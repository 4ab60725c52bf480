# R's answers for pooling over imputed sets: mitools, and what mice and mitml have beside it.
# Rscript tests/reference/imputed.R  (see README.md)
suppressMessages({
  library(survey)
  library(mitools)
})
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)))
source(file.path(here, "json17.R"))
data <- read.csv(file.path(here, "designs", "imputed.csv"))
sets <- grep("^x[0-9]+$", names(data), value = TRUE)
filled <- imputationList(lapply(sets, function(x) transform(data, x = data[[x]])))
designs <- svydesign(~psu, strata = ~stratum, weights = ~weight, data = filled, nest = TRUE)
df <- degf(designs$designs[[1]])
tight <- glm.control(epsilon = 1e-14, maxit = 100)

# Models are begun once more at their solution (see README.md).
fitted <- function(formula, family) {
  with(designs, fun = function(design) {
    first <- svyglm(formula, design = design, family = family, control = tight)
    eval(bquote(svyglm(.(formula), design = design, family = family, control = tight,
                       start = .(coef(first)))))
  })
}

models <- list(
  linear = fitted(y ~ x + z + group, gaussian()),
  logistic = fitted(event ~ x + z + group, quasibinomial())
)
terms <- list(group = c("groupb", "groupc"), all = c("x", "z", "groupb", "groupc"))
answers <- list()
for (name in names(models)) {
  fits <- models[[name]]
  estimates <- lapply(fits, coef)
  covariances <- lapply(fits, vcov)
  infinite <- MIcombine(estimates, covariances)
  finite <- MIcombine(estimates, covariances, df.complete = df)
  scalar <- lapply(seq_along(estimates[[1]]), function(j) {
    mice::pool.scalar(sapply(estimates, `[`, j), sapply(covariances, function(v) v[j, j]),
                      n = df + 1, k = 1)
  })
  joint <- lapply(terms, function(some) {
    q <- sapply(estimates, `[`, some)
    u <- array(sapply(covariances, function(v) v[some, some]),
               c(length(some), length(some), length(fits)))
    small <- mitml:::.D1(q, u, df)
    large <- mitml:::.D1(q, u, NULL)
    list(terms = some, statistic = c(small$F), df = small$v, df_large = large$v)
  })
  answers[[name]] <- list(
    names = names(coef(infinite)), estimate = unname(coef(infinite)),
    covariance = c(vcov(infinite)), std_error = unname(SE(infinite)),
    df_large = unname(infinite$df), missinfo_large = unname(infinite$missinfo),
    df_mitools = unname(finite$df), df_mice = sapply(scalar, `[[`, "df"),
    fmi_mice = sapply(scalar, `[[`, "fmi"), joint = unname(joint)
  )
}
versions <- sapply(c("survey", "mitools", "mice", "mitml"), function(p) {
  as.character(packageVersion(p))
})
write_json17(list(R = R.version.string, packages = as.list(versions), df = df, answers = answers),
             file.path(here, "imputed.json"))
