# R's answers for estimates of several surveys combined: Rscript tests/reference/combined.R
# Made-up estimates; metafor's Paule-Mandel and Hartung-Knapp with the factor not below 1 ("adhoc").
# See README.md.
suppressMessages({
  library(metafor)
  library(jsonlite)
})
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)))
source(file.path(here, "json17.R"))
sharp <- list(tol = 1e-14, maxiter = 10000)
sets <- list(
  near = list(estimates = c(0.21, 0.25, 0.19, 0.24), errors = c(0.11, 0.2, 0.16, 0.13)),
  far = list(estimates = c(0.1, 0.3, 0.8), errors = c(0.1, 0.2, 0.2)),
  two = list(estimates = c(-0.9, 0.2), errors = c(0.3, 0.25)),
  decade = list(
    estimates = c(-1.1, -0.62, -0.4, -0.85, 0.1, -0.33, -0.71, -0.2, -0.05),
    errors = c(0.31, 0.22, 0.18, 0.4, 0.27, 0.12, 0.35, 0.21, 0.19)
  ),
  one_exact = list(estimates = c(2.1, -3.4, 5.2, 0.4), errors = c(0.01, 1.2, 2.5, 0.9))
)
of_set <- function(name) {
  y <- sets[[name]]$estimates
  v <- sets[[name]]$errors^2
  k <- length(y)
  fixed <- rma(y, v, method = "FE")
  random <- rma(y, v, method = "PM", test = "adhoc", control = sharp)
  spread <- confint(random, control = list(tol = 1e-14, maxiter = 10000, tau2.max = 1e4))$random
  # Higgins et al. (2009) have k - 2 degrees of freedom, metafor k - 1.
  half <- if (k > 2) qt(0.975, k - 2) * sqrt(random$tau2 + random$se^2) else NA
  list(
    name = name, estimates = y, errors = sets[[name]]$errors,
    fixed = c(fixed$beta, fixed$se, fixed$ci.lb, fixed$ci.ub, fixed$pval),
    random = c(random$beta, random$se, random$ci.lb, random$ci.ub, random$pval),
    fixed_shares = unname(weights(fixed)) / 100, random_shares = unname(weights(random)) / 100,
    q = c(random$QE, random$QEp), tau2 = unname(spread["tau^2", ]),
    i2 = unname(spread["I^2(%)", ]) / 100, prediction = random$beta[1] + c(-half, half)
  )
}
write_json17(
  list(R = R.version.string, metafor = as.character(packageVersion("metafor")),
       sets = lapply(names(sets), of_set)),
  file.path(here, "combined.json")
)
