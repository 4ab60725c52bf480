# R's answers for the associations of deng_2013: Rscript tests/reference/deng_2013.R COHORT.csv
# COHORT.csv is what `python -m analysis cohort deng_2013 --write COHORT.csv` writes; it holds
# participants and is never committed. What this script writes are aggregates. See README.md.
suppressMessages({
  library(survey)
  library(jsonlite)
  library(splines)
})
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)))
source(file.path(here, "json17.R"))
source(file.path(here, "people.R"))
people$dose <- people$magnesium_total
cohort <- subset(survey_of(), in_cohort)
# Groups of each exposure: quartiles; of supplements nobody's 0, then tertiles of the users.
magnesium <- c("magnesium_total", "magnesium_dietary", "magnesium_supplemental")
vitamin_d <- c("vitamin_d_total", "vitamin_d_dietary", "vitamin_d_supplemental")
grouped <- list()
for (exposure in c(magnesium, vitamin_d)) {
  users <- grepl("supplemental", exposure)
  people$taken <- people[[exposure]]
  divided <- if (users) subset(survey_of(), in_cohort & taken > 0) else cohort
  cuts <- quantiles(divided, if (users) c(1, 2) / 3 else c(1, 2, 3) / 4, exposure)
  if (users) cuts <- c(0, cuts)
  names <- if (users) c("None", "T1", "T2", "T3") else paste0("Q", 1:4)
  people[[paste0(exposure, "_group")]] <- cut(people$taken, c(-Inf, cuts, Inf), labels = names)
  people$group <- people[[paste0(exposure, "_group")]]
  now <- subset(survey_of(), in_cohort)
  medians <- sapply(names, function(g) quantiles(subset(now, group == g), 0.5, exposure))
  people[[paste0(exposure, "_score")]] <- unname(medians[as.character(people$group)])
  grouped[[exposure]] <- list(cuts = cuts, medians = unname(medians), names = names)
}
people$quartile <- people$magnesium_total_group
cuts <- grouped$magnesium_total$cuts
medians <- grouped$magnesium_total$medians
k <- people$vitamin_d_ria
people$deficiency <- ifelse(k < 12, 1, ifelse(k >= 20, 0, NA))
people$insufficiency <- ifelse(k >= 12 & k < 20, 1, ifelse(k >= 20, 0, NA))
d <- people$vitamin_d
people$deficiency_today <- ifelse(d < 30, 1, ifelse(d >= 50, 0, NA))
people$insufficiency_today <- ifelse(d >= 30 & d < 50, 1, ifelse(d >= 50, 0, NA))
people$endocrine_deficiency <- ifelse(d < 50, 1, ifelse(d >= 75, 0, NA))
people$endocrine_insufficiency <- ifelse(d >= 50 & d < 75, 1, ifelse(d >= 75, 0, NA))
people$serum_25ohd <- people$vitamin_d
people$below_12 <- as.numeric(k < 12)
people$from_12_to_20 <- as.numeric(k >= 12 & k < 20)
knots <- quantiles(cohort, c(0.05, 0.35, 0.65, 0.95), "dose")
reference <- quantiles(cohort, 0.5, "dose")
ends <- quantiles(cohort, c(0.01, 0.99), "dose")
at <- seq(ends[1], ends[2], length.out = 81)[c(1, 8, 15, 22, 30, 40, 60, 81)]
basis <- function(x, k = knots) unclass(ns(x, knots = k[2:3], Boundary.knots = k[c(1, 4)]))
columns <- matrix(NA, nrow(people), 3)
known <- !is.na(people$dose)
columns[known, ] <- basis(people$dose[known])
for (i in 1:3) people[[paste0("b", i)]] <- columns[, i]
# Vitamin D intake as a spline: any basis of the same space gives the same model.
intake <- basis(people$vitamin_d_total,
                quantiles(cohort, c(0.05, 0.35, 0.65, 0.95), "vitamin_d_total"))
for (i in 1:3) people[[paste0("vitamin_d_", i)]] <- intake[, i]
cohort <- subset(survey_of(), in_cohort)

full <- paste("age + sex + race_ethnicity + education + poverty_income_ratio + bmi + season +",
              "smoking + alcohol + physical_activity + I(energy / 100)")
calcium <- "+ I(calcium_total / 100)"
spline <- "+ vitamin_d_1 + vitamin_d_2 + vitamin_d_3"
models <- c(crude = "1", demographic = "age + sex + race_ethnicity", without_both = full,
            without_vitamin_d = paste(full, calcium), without_calcium = paste(full, spline),
            full = paste(full, calcium, spline),
            full_vitamin_d = paste(full, calcium, "+ I(magnesium_total / 100)"))
main <- c("deficiency", "insufficiency", "serum_25ohd")
further <- c("deficiency_today", "insufficiency_today", "endocrine_deficiency",
             "endocrine_insufficiency")
tight <- glm.control(epsilon = 1e-14, maxit = 100)

fit <- function(outcome, exposure, covariates) {
  family <- if (outcome == "serum_25ohd") gaussian() else quasibinomial()
  formula <- as.formula(paste(outcome, "~", exposure, "+", covariates))
  design <- subset(cohort, !is.na(cohort$variables[[outcome]]))
  once <- function(start) svyglm(formula, design, family = family, control = tight, start = start)
  # Begun again at the solution, glm's working weights are those of the solution.
  once(coef(once(NULL)))
}

# Every model and outcome of the main exposure; of the others, the main outcomes in two models.
asked <- expand.grid(model = setdiff(names(models), "full_vitamin_d"), outcome = c(main, further),
                     exposure = "magnesium_total", stringsAsFactors = FALSE)
others <- expand.grid(model = c("without_both", "full"), outcome = main,
                      exposure = c(magnesium[-1], vitamin_d), stringsAsFactors = FALSE)
others$model[others$model == "full" & others$exposure %in% vitamin_d] <- "full_vitamin_d"
asked <- rbind(asked, others)
associations <- lapply(seq_len(nrow(asked)), function(i) {
  one <- asked[i, ]
  group <- paste0(one$exposure, "_group")
  score <- paste0(one$exposure, "_score")
  unit <- if (one$exposure %in% vitamin_d) 5 else 100
  per <- sprintf("I(%s / %d)", one$exposure, unit)
  groups <- fit(one$outcome, group, models[[one$model]])
  df <- degf(groups$survey.design)
  trend <- fit(one$outcome, score, models[[one$model]])
  linear <- fit(one$outcome, per, models[[one$model]])
  rows <- paste0(group, grouped[[one$exposure]]$names[-1])
  p_of <- function(b, se) unname(2 * pt(-abs(b / se), df))
  list(exposure = one$exposure, outcome = one$outcome, model = one$model, df = df,
       n = length(groups$y), group = unname(coef(groups)[rows]),
       group_se = unname(SE(groups)[rows]), group_p = p_of(coef(groups)[rows], SE(groups)[rows]),
       trend = unname(coef(trend)[score]), trend_se = unname(SE(trend)[score]),
       trend_p = p_of(coef(trend)[score], SE(trend)[score]),
       unit = unname(coef(linear)[2]), unit_se = unname(SE(linear)[2]))  # behind the intercept
})

# The curve by another basis of the same space: combined at the values of `at`, less the value at
# `reference`. The nonlinear part is tested beside a linear term.
curves <- lapply(main, function(outcome) {
  model <- fit(outcome, "b1 + b2 + b3", models[["full"]])
  bent <- fit(outcome, "I(dose / 100) + b2 + b3", models[["full"]])
  df <- degf(model$survey.design)
  shape <- basis(at) - basis(rep(reference, length(at)))
  rows <- paste0("b", 1:3)
  spread <- shape %*% vcov(model)[rows, rows] %*% t(shape)
  list(outcome = outcome, estimate = as.numeric(shape %*% coef(model)[rows]),
       std_error = sqrt(diag(spread)),
       p_overall = as.numeric(regTermTest(model, ~ b1 + b2 + b3, method = "Wald", df = df)$p),
       p_nonlinear = as.numeric(regTermTest(bent, ~ b2 + b3, method = "Wald", df = df)$p))
})

shares <- list()
for (event in c("below_12", "from_12_to_20")) for (q in c("all", paste0("Q", 1:4))) {
  design <- if (q == "all") cohort else subset(cohort, quartile == q)
  # What svyciprop(method = "logit") does, but iterated to the last digits.
  odds <- function(start) {
    svyglm(as.formula(paste(event, "~ 1")), design, family = quasibinomial(), control = tight,
           start = start)
  }
  p <- odds(coef(odds(NULL)))
  half <- qt(0.975, degf(design)) * as.numeric(SE(p))
  m <- svymean(as.formula(paste("~", event)), design)
  shares[[length(shares) + 1]] <- list(
    event = event, group = q, estimate = as.numeric(m), std_error = as.numeric(SE(m)),
    conf_low = plogis(as.numeric(coef(p)) - half), conf_high = plogis(as.numeric(coef(p)) + half))
}

described <- list()
for (q in c("all", paste0("Q", 1:4))) for (name in c("age", "bmi", "energy", "vitamin_d")) {
  design <- if (q == "all") cohort else subset(cohort, quartile == q)
  m <- svymean(as.formula(paste("~", name)), design)
  v <- svyvar(as.formula(paste("~", name)), design)
  described[[length(described) + 1]] <- list(
    name = name, group = q, mean = as.numeric(m), std_error = as.numeric(SE(m)),
    sd = sqrt(as.numeric(v)))
}

write_json17(list(
  r = R.version.string, survey = as.character(packageVersion("survey")),
  people = sum(people$in_cohort), cuts = cuts, medians = unname(medians), at = at,
  reference = reference, knots = knots, associations = associations, curves = curves,
  shares = shares, described = described, grouped = grouped),
  file.path(here, "deng_2013.json"))
