# Every estimator as a function of a design; designs.R and replicates.R source this.
tight <- glm.control(epsilon = 1e-14, maxit = 100)

# Plain lists of numbers: `estimate` and whatever else the estimator has.
described <- function(stat, df) {
  ci <- confint(stat, df = df)
  list(estimate = as.numeric(coef(stat)), std_error = as.numeric(SE(stat)),
       conf_low = as.numeric(ci[, 1]), conf_high = as.numeric(ci[, 2]), df = df)
}

proportion <- function(design, method) {
  p <- svyciprop(~event, design, method = method)
  list(estimate = as.numeric(p), std_error = as.numeric(SE(p)),
       conf_low = as.numeric(attr(p, "ci")[1]), conf_high = as.numeric(attr(p, "ci")[2]),
       df = degf(design))
}

quantiles <- function(design, rule) {
  q <- svyquantile(~y, design, c(0.1, 0.5, 0.9), qrule = rule, interval.type = "mean")$y
  list(estimate = q[, 1], conf_low = q[, 2], conf_high = q[, 3], std_error = q[, 4],
       df = degf(design))
}

regression <- function(formula, design, family) {
  fit <- function(start = NULL) {
    suppressWarnings(svyglm(formula, design, family = family, control = tight, start = start))
  }
  # glm keeps the working weights from before its last step, so that standard errors lag behind
  # the coefficients (by up to 1e-7). Begun again at the solution, they are those of the solution.
  model <- fit(coef(fit()))
  used <- model$survey.design
  test <- regTermTest(model, ~band, method = "Wald")
  wide <- regTermTest(model, ~band, method = "Wald", df = degf(used))
  # Not confint(): on one degree of freedom its detour through the normal distribution overflows.
  low <- function(df) {
    as.numeric(coef(model) + suppressWarnings(qt(0.025, df)) * SE(model))
  }
  list(names = names(coef(model)), estimate = as.numeric(coef(model)),
       covariance = as.numeric(vcov(model)), df = degf(used), df_residual = model$df.residual,
       conf_low = low(degf(used)), conf_low_residual = low(model$df.residual),
       f = as.numeric(test$Ftest), p_residual = as.numeric(test$p), p = as.numeric(wide$p))
}

by_group <- function(design) {
  table <- svyby(~y, ~group, design, svymean)
  list(estimate = table$y, std_error = table$se, levels = as.character(table$group))
}

estimators <- list(
  mean = function(d) described(svymean(~y, d), degf(d)),
  mean_missing = function(d) {
    d <- subset(d, !is.na(incomplete))
    described(svymean(~incomplete, d), degf(d))
  },
  mean_by_group = by_group,
  total = function(d) described(svytotal(~y, d), degf(d)),
  variance = function(d) described(svyvar(~y, d), degf(d)),
  ratio = function(d) {
    r <- svyratio(~y, ~z, d)
    ci <- confint(r, df = degf(d))
    list(estimate = as.numeric(coef(r)), std_error = as.numeric(SE(r)),
         conf_low = ci[1], conf_high = ci[2], df = degf(d))
  },
  proportion_logit = function(d) proportion(d, "logit"),
  proportion_beta = function(d) proportion(d, "beta"),
  proportion_wald = function(d) proportion(d, "mean"),
  quantile_math = function(d) quantiles(d, "math"),
  quantile_school = function(d) quantiles(d, "school"),
  gaussian = function(d) regression(y ~ x + band + z, d, gaussian()),
  gaussian_missing = function(d) regression(y ~ incomplete + band, d, gaussian()),
  binomial = function(d) regression(event ~ x + band, d, quasibinomial()),
  binomial_missing = function(d) regression(event ~ incomplete * band, d, quasibinomial())
)
