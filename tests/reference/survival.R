# R's answers for Cox's model on the made-up samples: Rscript tests/reference/survival.R
# (see README.md)
suppressMessages({
  library(survey)
  library(survival)
  library(jsonlite)
})
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)))
source(file.path(here, "json17.R"))
source(file.path(here, "made_and_given.R"))
designs <- file.path(here, "designs")

tight <- coxph.control(eps = 1e-14, toler.chol = 1e-15, iter.max = 100)
models <- list(
  efron = list(formula = Surv(exit, status) ~ x + band, ties = "efron"),
  breslow = list(formula = Surv(exit, status) ~ x + band, ties = "breslow"),
  entry_efron = list(formula = Surv(entry, exit, status) ~ x + z + strata(band), ties = "efron"),
  entry_breslow = list(formula = Surv(entry, exit, status) ~ x + z + strata(band),
                       ties = "breslow"),
  missing = list(formula = Surv(entry, exit, status) ~ incomplete * z + strata(group),
                 ties = "efron")
)
with_replicates <- c("entry_breslow", "missing")

# Baseline hazards at their ends, a stratum each, from coxph: svycoxph has no other.
hazards <- function(model, data) {
  data <- data[data$weight > 0, ]
  plain <- coxph(model$formula, data, weights = weight, ties = model$ties, control = tight,
                 model = TRUE)
  table <- suppressWarnings(basehaz(plain, centered = FALSE))
  if (is.null(table$strata)) return(max(table$hazard))
  as.numeric(tapply(table$hazard, table$strata, max))
}

answer <- function(estimate, covariance, design, data, model) {
  used <- data[data$weight > 0, ]
  list(names = names(estimate), estimate = as.numeric(estimate),
       covariance = as.numeric(covariance), df = degf(design),
       nobs = nrow(used), n_events = sum(used$status), hazard = hazards(model, data))
}

# svycoxph wants its formula written out, for it reads the data where the formula stands.
bare <- function(formula) {
  attributes(formula) <- NULL
  formula
}

linearised <- function(model, design) {
  # With x: residuals, and so standard errors, are wrong otherwise where rows have weight 0.
  fit <- eval(bquote(svycoxph(.(bare(model$formula)), design, method = .(model$ties),
                              control = tight, x = TRUE)))
  data <- model.frame(design)[is.finite(design$prob), ]
  c(answer(coef(fit), vcov(fit), design, data, model), df_residual = fit$degf.resid)
}

# svycoxph stops refits when the likelihood changes by 1e-9 of itself, and adds 1e-10 to each
# weight. Here each is iterated to the end, and 1e-13 added; its own answer stands beside.
refitted <- function(model, design) {
  data <- design$variables
  formula <- model$formula
  start <- coef(coxph(formula, data, weights = weight, ties = model$ties, control = tight))
  each <- withReplicates(design, function(w, data) {
    data$w <- w / mean(w) + 1e-13
    coef(coxph(formula, data, weights = w, ties = model$ties, control = tight, init = start))
  })
  loose <- eval(bquote(svycoxph(.(bare(formula)), design, method = .(model$ties))))
  covariance <- matrix(as.numeric(vcov(each)), length(start))
  estimate <- setNames(as.numeric(coef(each)), names(start))
  c(answer(estimate, covariance, design, data, model),
    list(loose = as.numeric(sqrt(diag(vcov(loose))))))
}

answers <- list()
each_case(function(case, data, whole) {
  repeated <- inherits(whole, "svyrep.design")
  for (domain in unlist(case$domains)) {
    design <- whole[data[[domain]] == 1, ]
    # R would count rows of weight 0 among those who die together under replicate weights.
    if (repeated) design <- subset(design, weight > 0)
    for (name in names(models)) {
      if (repeated && !name %in% with_replicates) next
      used <- if (name == "missing") subset(design, !is.na(incomplete)) else design
      fit <- if (repeated) refitted else linearised
      answers[[length(answers) + 1]] <<- c(
        list(case = case$case, rule = case$rule, domain = domain, estimator = name),
        fit(models[[name]], used))
    }
  }
})
versions <- list(R = R.version.string, survey = as.character(packageVersion("survey")),
                 survival = as.character(packageVersion("survival")))
write_json17(list(versions = versions, answers = answers), file.path(here, "survival.json"))
