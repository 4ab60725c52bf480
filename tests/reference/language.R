# R's answers for what study files may ask for beside the main association, on a made-up sample:
# adjusted prevalences and means, outcomes that the cohort defines, joint groups by fixed cuts,
# straight lines within strata. Rscript tests/reference/language.R  (see README.md)
suppressMessages({
  library(survey)
  library(jsonlite)
})
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)))
source(file.path(here, "json17.R"))
tight <- glm.control(epsilon = 1e-14, maxit = 100)

frame <- read.csv(file.path(here, "designs", "plain.csv"))
frame$band <- factor(frame$band, c("low", "mid", "top"))
frame$group <- factor(frame$group)
frame$part <- cut(frame$z, c(-Inf, 6, 10, Inf), right = FALSE, labels = c("p1", "p2", "p3"))
frame$low <- as.numeric(frame$y < 20)
design <- svydesign(~psu, strata = ~stratum, weights = ~weight, nest = TRUE, data = frame)

# Begun again at its solution, as in designs.R.
fitted_model <- function(formula, design, family = quasibinomial()) {
  fit <- function(start = NULL) {
    suppressWarnings(svyglm(formula, design, family = family, control = tight, start = start))
  }
  fit(coef(fit()))
}

# Outcomes that the sample defines. With na.rm, svyvar counts rows without a value in its
# n / (n - 1); in the subset of those with one it does not.
scale_of <- function(name) {
  known <- design[!is.na(design$variables[[name]]), ]
  about <- reformulate(name)
  c(mean = as.numeric(coef(svymean(about, known))),
    sd = sqrt(as.numeric(coef(svyvar(about, known)))))
}
z_score <- function(name) (frame[[name]] - scale_of(name)["mean"]) / scale_of(name)["sd"]
design <- update(design, score = (z_score("x") + z_score("incomplete")) / 2)
cut_z <- as.numeric(svyquantile(~z, design, 0.25, qrule = "math")[[1]][1])
design <- update(design, little = as.numeric(z < cut_z))
defined <- list(cut = cut_z, x = as.list(scale_of("x")), incomplete = as.list(scale_of("incomplete")))

# Standard errors of the margins with coefficients and covariates linearised at once (as
# by_influence in derived.R); svypredmeans takes the two as independent.
joint_errors <- function(model, groups, levels_) {
  d <- model$survey.design
  w <- weights(d, "sampling")
  frame_ <- d$variables
  at <- lapply(levels_, function(level) {
    frame_[[groups]] <- factor(level, levels(frame[[groups]]))
    model.matrix(delete.response(terms(model)), frame_, xlev = model$xlevels)
  })
  values <- sapply(at, function(x) model$family$linkinv(as.numeric(x %*% coef(model))))
  jacobian <- t(sapply(at, function(x) {
    colSums(w * model$family$mu.eta(as.numeric(x %*% coef(model))) * x) / sum(w)
  }))
  beta <- (model.matrix(model) * resid(model, "working") * model$weights) %*% model$naive.cov
  estimate <- colSums(w * values) / sum(w)
  total <- sweep(values, 2, estimate) / sum(w) + (beta %*% t(jacobian)) / w
  as.numeric(SE(svytotal(total, d)))
}

# Adjusted and crude, by groups.
adjusted <- function(outcome, groups, covariates, family) {
  known <- subset(design, !is.na(incomplete) | !("incomplete" %in% covariates))
  known <- known[!is.na(known$variables[[outcome]]), ]
  binary <- family$family != "gaussian"
  model <- fitted_model(reformulate(covariates, outcome), known, family)
  model$call$start <- NULL  # it would be too short for the model with the groups
  model$call$formula <- reformulate(covariates, outcome)
  model$call$family <- family
  model$call$control <- tight
  model$call$design <- known
  margin <- suppressWarnings(svypredmeans(model, reformulate(groups)))
  levels_ <- levels(frame[[groups]])
  df <- degf(known)
  full <- fitted_model(reformulate(c(groups, covariates), outcome), known, family)
  value <- as.numeric(coef(margin))[match(levels_, names(coef(margin)))]
  error <- joint_errors(full, groups, levels_)
  t <- qt(0.975, df)
  if (binary) {
    around <- t * error / (value * (1 - value))
    low <- plogis(qlogis(value) - around)
    high <- plogis(qlogis(value) + around)
  } else {
    low <- value - t * error
    high <- value + t * error
  }
  test <- regTermTest(full, reformulate(groups), df = df)
  crude <- lapply(levels_, function(level) {
    here_ <- design[!is.na(design$variables[[outcome]]) & design$variables[[groups]] == level, ]
    if (binary) {
      found <- svyciprop(reformulate(outcome), here_, method = "logit", df = degf(here_))
      ends <- as.numeric(confint(found))
    } else {
      found <- svymean(reformulate(outcome), here_)
      ends <- as.numeric(confint(found, df = degf(here_)))
    }
    list(n = nrow(here_), estimate = as.numeric(coef(found)), low = ends[1], high = ends[2])
  })
  list(outcome = outcome, groups = groups, covariates = covariates, levels = levels_,
       n = nrow(known), df = df, estimate = value, std_error = error, low = low, high = high,
       statistic = as.numeric(test$Ftest), p = as.numeric(test$p), crude = crude)
}

gauss <- gaussian()
binom <- quasibinomial()
margins <- list(
  adjusted("low", "band", c("group", "incomplete"), binom),
  adjusted("low", "part", c("group", "x"), binom),
  adjusted("little", "group", "x", binom),
  adjusted("y", "band", c("group", "incomplete"), gauss),
  adjusted("score", "group", "z", gauss)
)

# Joint groups by fixed cuts, from the highest of x and the lowest of z.
design <- update(design, cell = factor(paste0(as.numeric(x < 0), as.numeric(z >= 8))))
joint <- fitted_model(low ~ cell + group, design)
names_ <- paste0("cell", c("01", "10", "11"))
reri <- svycontrast(joint, list(
  RERI = quote(exp(cell11) - exp(cell10) - exp(cell01) + 1),
  AP = quote((exp(cell11) - exp(cell10) - exp(cell01) + 1) / exp(cell11))))
product <- fitted_model(low ~ I(x < 0) * I(z >= 8) + group, design)
test <- regTermTest(product, ~I(x < 0):I(z >= 8), df = degf(design))
cells <- list(
  n = as.numeric(table(design$variables$cell)),
  estimate = as.numeric(coef(joint)[names_]), std_error = as.numeric(SE(joint)[names_]),
  measures = list(RERI = as.numeric(coef(reri)[1]), AP = as.numeric(coef(reri)[2])),
  errors = list(RERI = as.numeric(SE(reri)[1]), AP = as.numeric(SE(reri)[2])),
  statistic = as.numeric(test$Ftest), p = as.numeric(test$p))

# Straight lines of x, per 0.5, within the strata of group.
lines <- lapply(c("low", "y"), function(outcome) {
  family <- if (outcome == "low") binom else gauss
  each <- lapply(levels(frame$group), function(level) {
    part <- subset(design, group == level)
    model <- fitted_model(reformulate(c("I(x / 0.5)", "z"), outcome), part, family)
    list(level = level, n = nrow(part), df = degf(part),
         estimate = as.numeric(coef(model)[2]), std_error = as.numeric(SE(model)[2]))
  })
  model <- fitted_model(reformulate(c("x * group", "z"), outcome), design, family)
  test <- regTermTest(model, ~x:group, df = degf(design))
  list(outcome = outcome, each = each, statistic = as.numeric(test$Ftest), p = as.numeric(test$p))
})

write_json17(list(defined = defined, margins = margins, joint = cells, lines = lines),
             file.path(here, "language.json"))
