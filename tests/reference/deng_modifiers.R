# R's answers for the interactions, strata and multinomial logit of deng_2013:
# Rscript tests/reference/deng_modifiers.R COHORT.csv
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
cohort <- subset(survey_of(), in_cohort)
group_of <- function(name, count, design = cohort) {
  cuts <- quantiles(design, seq_len(count - 1) / count, name)
  cut(people[[name]], c(-Inf, cuts, Inf), labels = seq_len(count))
}
score_of <- function(name, group) {
  people$group <<- group
  now <- subset(survey_of(), in_cohort)
  medians <- sapply(levels(group), function(g) quantiles(subset(now, group == g), 0.5, name))
  unname(medians[as.character(group)])
}
dose <- "magnesium_total"
modifier <- "vitamin_d_total"
for (count in 2:4) for (name in c(dose, modifier)) {
  people[[paste0(substr(name, 1, 1), count)]] <- group_of(name, count)
}
people$m_score <- score_of(dose, people$m4)
people$v_score <- score_of(modifier, people$v4)
people$m_per <- people[[dose]] / 100
people$v_per <- people[[modifier]] / 5
brought_in <- function(name) {
  ends <- quantiles(cohort, c(0.01, 0.99), name)
  pmin(pmax(people[[name]], ends[1]), ends[2])
}
people$m_in <- brought_in(dose) / 100
people$v_in <- brought_in(modifier) / 5
curve_of <- function(name) {
  knots <- quantiles(cohort, c(0.05, 0.35, 0.65, 0.95), name)
  found <- matrix(NA, nrow(people), 3)
  known <- !is.na(people[[name]])
  found[known, ] <- unclass(ns(people[[name]][known], knots = knots[2:3],
                               Boundary.knots = knots[c(1, 4)]))
  found
}
for (name in c(dose, modifier)) {
  curve <- curve_of(name)
  for (i in 1:3) people[[paste0(substr(name, 1, 1), "_curve", i)]] <- curve[, i]
}
k <- people$vitamin_d_ria
people$deficiency <- ifelse(k < 12, 1, ifelse(k >= 20, 0, NA))
people$insufficiency <- ifelse(k >= 12 & k < 20, 1, ifelse(k >= 20, 0, NA))
people$serum_25ohd <- people$vitamin_d
people$season_part <- people$season
people$vitamin_d_intake <- people$v2
people$sex_part <- people$sex
people$race_ethnicity_part <- people$race_ethnicity
people$bmi_part <- cut(people$bmi, c(-Inf, 25, 30, Inf), right = FALSE)
people$age_part <- cut(people$age, c(-Inf, 51, Inf), right = FALSE)
later <- subset(cohort, cycle != "2001-2002")
people$hormone <- group_of("parathyroid_hormone", 3, later)
people$hormone[people$cycle == "2001-2002"] <- NA
cohort <- subset(survey_of(), in_cohort)

terms <- c(age = "age", sex = "sex", race_ethnicity = "race_ethnicity", education = "education",
           poverty_income_ratio = "poverty_income_ratio", bmi = "bmi", season = "season",
           smoking = "smoking", alcohol = "alcohol", physical_activity = "physical_activity",
           energy = "I(energy / 100)", calcium = "I(calcium_total / 100)")
intake <- "v_curve1 + v_curve2 + v_curve3"
outcomes <- c("deficiency", "insufficiency", "serum_25ohd")
tight <- glm.control(epsilon = 1e-14, maxit = 100)
binary <- function(outcome) outcome != "serum_25ohd"
fit <- function(outcome, exposure, covariates, within = cohort) {
  family <- if (binary(outcome)) quasibinomial() else gaussian()
  formula <- as.formula(paste(outcome, "~", exposure, "+", paste(covariates, collapse = " + ")))
  design <- subset(within, !is.na(within$variables[[outcome]]))
  once <- function(start) svyglm(formula, design, family = family, control = tight, start = start)
  # Begun again at the solution, glm's working weights are those of the solution.
  once(coef(once(NULL)))
}
wald <- function(model, term) {
  df <- degf(model$survey.design)
  found <- regTermTest(model, as.formula(paste("~", term)), method = "Wald", df = df)
  list(statistic = as.numeric(found$Ftest), p = as.numeric(found$p))
}
rows <- function(model, pattern) {
  names <- grep(pattern, names(coef(model)), value = TRUE)
  list(names = names, estimate = unname(coef(model)[names]), std_error = unname(SE(model)[names]))
}

# Joint groups, with the exposure's running slower; products beside main effects by their own model.
joint <- list()
for (count in 3:4) {
  groups <- people[paste0(c("m", "v"), count)]
  people$joint <- factor(ifelse(complete.cases(groups), paste0(groups[[1]], groups[[2]]), NA))
  cohort <- subset(survey_of(), in_cohort)
  for (outcome in outcomes) {
    model <- fit(outcome, "joint", terms)
    product <- paste0("m", count, ":v", count)
    tested <- fit(outcome, paste0("m", count, " + v", count, " + ", product), terms)
    used <- cohort$variables[cohort$prob < Inf & !is.na(cohort$variables[[outcome]]), ]
    joint[[length(joint) + 1]] <- c(
      list(contrast = paste0(count, "x", count), outcome = outcome, df = degf(model$survey.design),
           n = as.vector(table(used$joint)), test = wald(tested, product)),
      rows(model, "^joint"))
  }
}

# The product of medians, of intakes, of intakes brought in, and beside curves.
products <- list(
  "4x4 trend" = c("m4 + v4 + I(m_score * v_score)", "I(m_score * v_score)"),
  "continuous" = c("m_per + v_per + I(m_per * v_per)", "I(m_per * v_per)"),
  "continuous, 1st to 99th percentile" = c("m_in + v_in + I(m_in * v_in)", "I(m_in * v_in)"),
  "continuous, beside curves" = c(
    "m_curve1 + m_curve2 + m_curve3 + v_curve1 + v_curve2 + v_curve3 + I(m_per * v_per)",
    "I(m_per * v_per)"))
tests <- list()
for (outcome in outcomes) for (name in names(products)) {
  model <- fit(outcome, products[[name]][1], terms)
  at <- products[[name]][2]
  tests[[length(tests) + 1]] <- list(
    outcome = outcome, contrast = name, estimate = unname(coef(model)[at]),
    std_error = unname(SE(model)[at]), statistic = unname((coef(model)[at] / SE(model)[at])^2))
}

# Slopes from the product of intakes, at the median of the other.
slopes <- list()
for (outcome in outcomes) {
  model <- fit(outcome, "m_per + v_per + I(m_per * v_per)", terms)
  own <- c(m_per = modifier, v_per = dose)
  units <- c(m_per = 5, v_per = 100)
  for (name in names(own)) {
    at <- quantiles(cohort, 0.5, own[[name]])
    weights <- setNames(c(1, at / units[[name]]), c(name, "I(m_per * v_per)"))
    found <- svycontrast(model, weights)
    slopes[[length(slopes) + 1]] <- list(
      outcome = outcome, exposure = if (name == "m_per") dose else modifier, at = at,
      estimate = as.numeric(coef(found)), std_error = as.numeric(SE(found)))
  }
}
thirds <- list()
for (version in c("v_per", "v_in")) {
  model <- fit("serum_25ohd", paste0("m3 + m3:", version), terms)
  equal <- fit("serum_25ohd", paste0("m3 * ", version), terms)
  thirds[[length(thirds) + 1]] <- c(
    list(version = version, test = wald(equal, paste0("m3:", version))),
    rows(model, paste0("^m3[123]:", version)))
}
# Beside a curve, whose line is that of the first third.
people$v_per2 <- (people$m3 == 2) * people$v_per
people$v_per3 <- (people$m3 == 3) * people$v_per
cohort <- subset(survey_of(), in_cohort)
beside <- fit("serum_25ohd", paste("m3 + v_per2 + v_per3 +", intake), terms)

# Additive measures from the combination of lowest risk (Knol et al. 2011), by the delta method.
additive <- list()
for (outcome in outcomes[1:2]) {
  first <- fit(outcome, "m2 * v2", terms)
  b <- coef(first)
  cells <- c("11" = 0, "21" = b[["m22"]], "12" = b[["v22"]],
             "22" = b[["m22"]] + b[["v22"]] + b[["m22:v22"]])
  lowest <- names(which.min(cells))
  people$A <- as.numeric(people$m2 != substr(lowest, 1, 1))
  people$B <- as.numeric(people$v2 != substr(lowest, 2, 2))
  cohort <- subset(survey_of(), in_cohort)
  model <- fit(outcome, "A + B + A:B", terms)
  # svycontrast wants coefficients by names that an expression can have.
  logs <- svycontrast(model, list(one = c(A = 1), two = c(B = 1), both = c(A = 1, B = 1, "A:B" = 1)))
  found <- svycontrast(logs, list(
    RERI = quote(exp(both) - exp(one) - exp(two) + 1),
    AP = quote((exp(both) - exp(one) - exp(two) + 1) / exp(both)),
    S = quote(log((exp(both) - 1) / (exp(one) + exp(two) - 2))),
    ratio_of_ORs = quote(both - one - two)))
  for (name in names(coef(found))) {
    additive[[length(additive) + 1]] <- list(
      outcome = outcome, measure = name, lowest = lowest, estimate = unname(coef(found)[name]),
      std_error = unname(SE(found)[name]))
  }
}

# Strata: quartiles of the whole cohort, without the terms of a categorical stratifier.
parts <- c(season = "season_part", vitamin_d_intake = "vitamin_d_intake", sex = "sex_part",
           race_ethnicity = "race_ethnicity_part", bmi = "bmi_part", age = "age_part",
           parathyroid_hormone = "hormone")
strata <- list()
interactions <- list()
for (name in names(parts)) for (outcome in outcomes) {
  part <- parts[[name]]
  categorical <- name %in% c("season", "sex", "race_ethnicity")
  covariates <- c(if (categorical) terms[names(terms) != name] else terms, intake)
  people$part <- people[[part]]
  cohort <- subset(survey_of(), in_cohort)
  known <- subset(cohort, !is.na(part))
  tested <- fit(outcome, "m_score * part", covariates, known)
  interactions[[length(interactions) + 1]] <- c(
    list(stratum = name, outcome = outcome), wald(tested, "m_score:part"))
  for (level in seq_along(levels(people$part))) {
    inside <- subset(cohort, as.integer(part) == level & !is.na(part))
    used <- inside$variables[inside$prob < Inf & !is.na(inside$variables[[outcome]]), ]
    # Where a category has no event its coefficient has no end: no answer.
    events <- sapply(c("race_ethnicity", "alcohol", "education", "smoking"), function(each) {
      min(tapply(used[[outcome]], factor(used[[each]]), sum))
    })
    if (binary(outcome) && min(events) == 0) next
    model <- fit(outcome, "m4", covariates, inside)
    trend <- fit(outcome, "m_score", covariates, inside)
    strata[[length(strata) + 1]] <- c(
      list(stratum = name, level = level, outcome = outcome, n = nrow(used),
           df = degf(model$survey.design), trend = unname(coef(trend)["m_score"]),
           trend_se = unname(SE(trend)["m_score"])),
      rows(model, "^m4"))
  }
}

# Both logits in one model, written out: Newton's steps, and svytotal's variance of the influence.
status <- with(people, ifelse(k < 12, 1, ifelse(k < 20, 2, 0)))
used <- which(people$in_cohort)
x <- model.matrix(as.formula(paste("~ m4 +", paste(c(terms, intake), collapse = " + "))),
                  people[used, ])
scale <- apply(abs(x), 2, max)
x <- x / rep(scale, each = nrow(x))  # scaled back below
y <- cbind(status[used] == 1, status[used] == 2) * 1
w <- people$weight[used] / mean(people$weight[used])
p <- ncol(x)
theta <- matrix(0, p, 2)
for (step in 1:40) {
  odds <- exp(x %*% theta)
  chance <- odds / (1 + rowSums(odds))
  score <- cbind(x * (w * (y - chance)[, 1]), x * (w * (y - chance)[, 2]))
  block <- function(i, j) crossprod(x, x * (w * chance[, i] * ((i == j) - chance[, j])))
  information <- rbind(cbind(block(1, 1), block(1, 2)), cbind(block(2, 1), block(2, 2)))
  theta <- theta + matrix(solve(information, colSums(score)), p, 2)
}
influence <- matrix(0, nrow(people), 2 * p)
influence[used, ] <- (score %*% solve(information)) / people$weight[used]
spread <- vcov(svytotal(influence, survey_of()))
names <- c(paste0("deficiency:", colnames(x)), paste0("insufficiency:", colnames(x)))
theta <- setNames(as.vector(theta / scale), names)
dimnames(spread) <- list(names, names)
spread <- spread / outer(rep(scale, 2), rep(scale, 2))
own <- lapply(c("deficiency", "insufficiency"), function(o) paste0(o, ":m4", 2:4))
difference <- theta[own[[2]]] - theta[own[[1]]]
contrast <- cbind(diag(3), -diag(3))
between <- contrast %*% spread[unlist(rev(own)), unlist(rev(own))] %*% t(contrast)
statistic <- as.numeric(difference %*% solve(between, difference)) / 3
multinomial <- lapply(1:2, function(i) list(
  outcome = outcomes[i], estimate = unname(theta[own[[i]]]),
  std_error = unname(sqrt(diag(spread)[own[[i]]]))))

write_json17(list(
  r = R.version.string, survey = as.character(packageVersion("survey")),
  people = sum(people$in_cohort), joint = joint, tests = tests, slopes = slopes, thirds = thirds,
  beside_curve = wald(beside, "v_per2 + v_per3"), additive = additive, strata = strata,
  interactions = interactions, multinomial = multinomial,
  equal = list(statistic = statistic)), file.path(here, "deng_modifiers.json"))
