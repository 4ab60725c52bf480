# R's answers for the sample weights of pooled cycles: Rscript tests/reference/pooled_weights.R FOLDER
# FOLDER holds the CDC's files under its server's paths. The weights are made here, from the files
# and by the rules of the NHANES tutorials, module 3. What this script writes are aggregates. See
# README.md.
suppressMessages({
  library(survey)
  library(jsonlite)
  library(foreign)
})
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)))
source(file.path(here, "json17.R"))
root <- commandArgs(trailingOnly = TRUE)[1]
suffix <- c("1999" = "", "2001" = "_B", "2003" = "_C", "2015" = "_I", "2017" = "_J", "2021" = "_L")
read <- function(year, table, columns, ending = suffix[[year]]) {
  path <- file.path(root, "Nchs/Data/Nhanes/Public", year, "DataFiles", paste0(table, ending, ".xpt"))
  read.xport(path)[c("SEQN", columns)]
}

# One row a participant: the weight by `weigh(year)`, the value by `measure(year)`.
pooled <- function(years, weigh, measure) {
  parts <- lapply(years, function(year) {
    people <- read(year, "DEMO", c("SDMVSTRA", "SDMVPSU", "RIDAGEYR"))
    weight <- weigh(year)
    names(weight) <- c("SEQN", "weight")
    value <- measure(year)
    names(value) <- c("SEQN", "value")
    people <- merge(merge(people, weight, all.x = TRUE), value, all.x = TRUE)
    people$weight[is.na(people$weight)] <- 0
    people
  })
  people <- do.call(rbind, parts)
  design <- svydesign(~SDMVPSU, strata = ~SDMVSTRA, weights = ~weight, nest = TRUE, data = people)
  adults <- subset(design, RIDAGEYR >= 20 & !is.na(value) & weight > 0)
  mean <- svymean(~value, adults)
  list(weights = sum(people$weight), n = nrow(adults), estimate = as.numeric(coef(mean)),
       std_error = as.numeric(SE(mean)), df = degf(adults))
}
times <- function(weight, factor) {
  weight[[2]] <- weight[[2]] * factor
  weight
}
early <- function(year) year %in% c("1999", "2001")
recall <- function(year, nutrient) {
  status <- switch(year, "1999" = "DRDDRSTS", "2001" = "DRDDRSTZ", "DR1DRSTZ")
  table <- if (early(year)) "DRXTOT" else "DR1TOT"
  prefix <- if (early(year)) "DRXT" else "DR1T"
  totals <- read(year, table, c(status, paste0(prefix, nutrient)))
  totals[[3]][totals[[2]] != 1] <- NA
  totals[c(1, 3)]
}
bmi <- function(year) read(year, "BMX", "BMXBMI")
fasting <- function(year, kind) {
  table <- if (year %in% c("2001", "2003")) "L10AM" else "GLU"
  read(year, table, paste0("WTSAF", kind))
}

answers <- list(
  versions = list(R = R.version.string, survey = as.character(packageVersion("survey"))),
  examination_1999_2004 = pooled(c("1999", "2001", "2003"), function(year) {
    if (early(year)) times(read(year, "DEMO", "WTMEC4YR"), 2 / 3)
    else times(read(year, "DEMO", "WTMEC2YR"), 1 / 3)
  }, bmi),
  examination_1999_2002 = pooled(c("1999", "2001"), function(year) {
    read(year, "DEMO", "WTMEC4YR")
  }, bmi),
  examination_1999_2000 = pooled("1999", function(year) read(year, "DEMO", "WTMEC2YR"), bmi),
  dietary_day_1_1999_2004 = pooled(c("1999", "2001", "2003"), function(year) {
    if (early(year)) times(read(year, "DRXTOT", "WTDR4YR"), 2 / 3)
    else times(read(year, "DR1TOT", "WTDRD1"), 1 / 3)
  }, function(year) recall(year, "MAGN")),
  dietary_day_1_2001_2004 = pooled(c("2001", "2003"), function(year) {
    times(read(year, if (early(year)) "DRXTOT" else "DR1TOT", "WTDRD1"), 1 / 2)
  }, function(year) recall(year, "MAGN")),
  phlebotomy_2015_2023 = pooled(c("2015", "2017", "2021"), function(year) {
    times(if (year == "2021") read(year, "VID", "WTPH2YR") else read(year, "DEMO", "WTMEC2YR"), 1 / 3)
  }, function(year) read(year, "VID", "LBXVIDMS")),
  fasting_2001_2004 = pooled(c("2001", "2003"), function(year) {
    times(fasting(year, "2YR"), 1 / 2)
  }, bmi),
  fasting_2017_2023 = pooled(c("2017", "2021"), function(year) {
    times(fasting(year, "2YR"), 1 / 2)
  }, bmi)
)
write_json17(answers, file.path(here, "pooled_weights.json"))
