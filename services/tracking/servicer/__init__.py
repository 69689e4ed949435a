"""The services of the contract: conversion and one use-case per method, nothing else."""
